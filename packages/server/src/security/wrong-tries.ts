/** Wrong tries of one address before it has to wait, and for how long they count. */
const maxTries = 10;
const windowMs = 60_000;
/** Addresses remembered: an attacker has many. */
const maxAddresses = 10_000;

/** Counts wrong tokens by address. */
export interface WrongTries {
  /** Seconds until the next try is looked at; 0 = now. */
  waitFor(address: string): number;
  add(address: string): void;
}

/** `now` in ms: not the time of day, which may be set back. */
export function createWrongTries(now: () => number = () => performance.now()): WrongTries {
  const tries = new Map<string, { count: number; until: number }>();
  const current = (address: string): { count: number; until: number } | undefined => {
    const entry = tries.get(address);
    if (entry && entry.until > now()) return entry;
    tries.delete(address);
    return undefined;
  };
  return {
    waitFor: (address) => {
      const entry = current(address);
      return entry && entry.count >= maxTries ? Math.ceil((entry.until - now()) / 1000) : 0;
    },
    add: (address) => {
      const count = (current(address)?.count ?? 0) + 1;
      tries.delete(address); // the latest goes to the end: the first key is the oldest
      tries.set(address, { count, until: now() + windowMs });
      const [oldest] = tries.keys();
      if (tries.size > maxAddresses && oldest !== undefined) tries.delete(oldest);
    },
  };
}
