/** Which of a driver's numbered lines have come: each once, in order, and what is missing is counted. */
export class NumberedLines {
  /** Number of the next line. */
  next = 0
  lost = 0

  /** True for a line that is new. What lies between the last one and it was lost. */
  accept(number: number): boolean {
    if (number < this.next) return false
    this.lost += number - this.next
    this.next = number + 1
    return true
  }
}
