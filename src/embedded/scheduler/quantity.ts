/** Kubernetes quantities ("100m", "1.5", "128Mi", "1e3") as plain numbers, in thousandths so that "1m" stays whole. */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** Rounded up to a whole thousandth. The API server refuses what is no quantity; here it counts as nothing. */
export function quantityMilli(text: string | number | undefined): number {
  const match = /^([+-]?\d*\.?\d+|[+-]?\d+\.)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(
    String(text ?? 0),
  )
  if (match === null) return 0
  const [, digits = '0', exponent = '', suffix = ''] = match
  const exact = Number(`${digits}${exponent}`) * (factors[suffix] ?? 1) * 1000
  // Binary fractions must not push a whole number over its edge: 0.1 is 100 thousandths, not 101.
  return Math.ceil(exact - 1e-6)
}
