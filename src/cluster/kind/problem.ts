/** Why there can be no cluster here: each problem with what to do, and all of them at once. */
export interface KindProblem {
  /** `asked`: another command line would do. `here`: this machine lacks something. */
  fault: 'asked' | 'here'
  message: string
}

export class KindUnavailable extends Error {
  override name = 'KindUnavailable'
  readonly problems: readonly KindProblem[]

  constructor(problems: readonly KindProblem[]) {
    super(problems.map(({ message }) => message).join('\n'))
    this.problems = problems
  }
}
