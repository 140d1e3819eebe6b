/**
 * What a run must contain, so that its good end says something.
 *
 * @module
 */

/** What a run had so far, or must have. */
export interface Counts {
  /** Plugin processes killed. */
  readonly kills: number;
  /** Of these, after the claim was sent and before stdout was closed. */
  readonly claims: number;
  /** Of these, in DEL. */
  readonly dels: number;
  /** Of these, in take-over or replay. */
  readonly moves: number;
  /** Faults of etcd. */
  readonly faults: number;
}

const PER_MINUTE: Counts = { kills: 30, claims: 10, dels: 5, moves: 5, faults: 3 };

/** What a run of so many minutes must have. */
export function goalsOf(minutes: number): Counts {
  const { kills, claims, dels, moves, faults } = PER_MINUTE;
  const share = (count: number): number => Math.floor(count * minutes);
  return {
    kills: share(kills),
    claims: share(claims),
    dels: share(dels),
    moves: share(moves),
    faults: share(faults),
  };
}

/** What is missing, in words. */
export function missing(had: Counts, goals: Counts): readonly string[] {
  const pairs: readonly (readonly [string, number, number])[] = [
    ["kills", had.kills, goals.kills],
    ["kills between claim and stdout", had.claims, goals.claims],
    ["kills in DEL", had.dels, goals.dels],
    ["kills in take-over or replay", had.moves, goals.moves],
    ["faults of etcd", had.faults, goals.faults],
  ];
  return pairs.filter(([, count, goal]) => count < goal)
    .map(([name, count, goal]) => `${count} of ${goal} ${name}`);
}
