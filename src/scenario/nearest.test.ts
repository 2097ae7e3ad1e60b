import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest.ts'

const names = ['rolling-update', 'drain', 'dependency-outage', 'none']

describe('nearestName', () => {
  it('finds the name behind a slip of each kind: left out, added, wrong, swapped, and in capitals', () => {
    expect(nearestName('rolling-updat', names)).toBe('rolling-update')
    expect(nearestName('drainn', names)).toBe('drain')
    expect(nearestName('drane', names)).toBe(null)
    expect(nearestName('drian', names)).toBe('drain')
    expect(nearestName('None', names)).toBe('none')
    expect(nearestName('rollingUpdate', names)).toBe('rolling-update')
  })

  it('proposes nothing that is only half alike', () => {
    expect(nearestName('restart', names)).toBe(null)
    expect(nearestName('', names)).toBe(null)
  })
})
