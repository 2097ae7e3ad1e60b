/**
 * A kind in another form than the one in which it is stored: the same objects, in the fields of another API version. The
 * form is changed on the way in and on the way out of HTTP alone; the registry knows one form of each object.
 *
 * What is recorded in managedFields stays in the terms of the stored form, whichever form a write came in.
 */
import type { KubeObject } from '../../../kube/types.ts'
import type { JsonObject } from '../../store/json.ts'
import type { Problems } from '../validation/problems.ts'

export interface View {
  /** Of an object, or of a part of one that is to be applied. */
  toStored(body: JsonObject): JsonObject
  fromStored(object: JsonObject): JsonObject
  /** What a write in this form must hold beyond what every write of the kind must; both are in the stored form. */
  check(problems: Problems, next: JsonObject, previous: JsonObject | null): void
}

interface Viewed {
  view: View | null
}

export function asStored({ view }: Viewed, body: JsonObject): JsonObject {
  return view === null ? body : view.toStored(body)
}

/** The object itself where it is served as it is stored. */
export function asServed({ view }: Viewed, object: KubeObject): KubeObject {
  // A view changes the form of an object and leaves its metadata, so that the outcome is an object again.
  return view === null ? object : (view.fromStored(object as unknown as JsonObject) as unknown as KubeObject)
}
