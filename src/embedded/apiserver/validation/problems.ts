/** Collects what is wrong with an object, field by field, in Kubernetes's words. */
import type { FieldProblem } from '../api-errors.ts'

export class Problems {
  readonly list: FieldProblem[] = []

  required(field: string, detail = ''): void {
    this.#add('FieldValueRequired', field, detail === '' ? 'Required value' : `Required value: ${detail}`)
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${JSON.stringify(value)}: ${detail}`)
  }

  duplicate(field: string, value: unknown): void {
    this.#add('FieldValueDuplicate', field, `Duplicate value: ${JSON.stringify(value)}`)
  }

  forbidden(field: string, detail: string): void {
    this.#add('FieldValueForbidden', field, `Forbidden: ${detail}`)
  }

  notFound(field: string, value: unknown): void {
    this.#add('FieldValueNotFound', field, `Not found: ${JSON.stringify(value)}`)
  }

  tooLong(field: string, limitBytes: number): void {
    this.#add('FieldValueTooLong', field, `Too long: may not be more than ${limitBytes} bytes`)
  }

  unsupported(field: string, value: unknown, supported: readonly string[]): void {
    const names = supported.map(name => JSON.stringify(name)).join(', ')
    const text = `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}`
    this.#add('FieldValueNotSupported', field, text)
  }

  /** Adds a problem when the value is none of the supported ones. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (value !== undefined && supported.includes(value)) return
    this.unsupported(field, value ?? '', supported)
  }

  atLeast(field: string, value: number | undefined, low: number): void {
    if (value === undefined || value >= low) return
    this.invalid(
      field,
      value,
      low === 1 ? 'must be greater than 0' : `must be greater than or equal to ${low}`,
    )
  }

  between(field: string, value: number, low: number, high: number): void {
    if (value < low || value > high)
      this.invalid(field, value, `must be between ${low} and ${high}, inclusive`)
  }

  #add(reason: FieldProblem['reason'], field: string, message: string): void {
    this.list.push({ reason, field, message })
  }
}
