/** A decoded but not yet validated object: whatever is there has the right type, but anything may be missing. */
export type Draft<T> = T extends (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T
