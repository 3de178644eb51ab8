/** Keeps at most so many of a long row of things, evenly spread, and always the last. */
export interface Thinner<T> {
  add(item: T): void;
  /** Takes back from the end what `wrong` names. */
  dropEnd(wrong: (item: T) => boolean): void;
  take(): T[];
}

/** Memory is bounded by `most`, whatever comes: when that many are kept every other one goes, and from then on every other one is kept. */
export function createThinner<T>(most: number): Thinner<T> {
  /** Every `stride`-th of those that came. */
  let kept: T[] = [];
  let stride = 1;
  let count = 0;
  /** The newest, when it is not among the kept ones. */
  let last: T | undefined;
  return {
    add: (item) => {
      if (count % stride === 0 && kept.length >= most - 1) {
        kept = kept.filter((_, i) => i % 2 === 0);
        stride *= 2;
      }
      if (count % stride === 0) kept.push(item);
      last = count % stride === 0 ? undefined : item;
      count++;
    },
    dropEnd: (wrong) => {
      if (last !== undefined && !wrong(last)) return;
      const right = kept.findLastIndex((item) => !wrong(item)) + 1;
      if (last === undefined && right === kept.length) return;
      last = undefined;
      kept.length = right;
      count = right * stride;
    },
    take: () => (last === undefined ? [...kept] : [...kept, last]),
  };
}
