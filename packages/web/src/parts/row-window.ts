/**
 * Which rows of a list of equal heights are in view, for any length. Browsers clip the height of an element (Firefox at
 * 17.9 million pixels, Chromium at 33 million), so a longer list lies on a shorter scroll track: `top` counts the list's
 * own pixels, `scrollTop` the track's. Work is O(rows in view), never O(rows).
 */
export const maxTrack = 10_000_000;

export interface RowSpace {
  total: number;
  rowHeight: number;
  /** Height of the part that shows rows. */
  viewport: number;
}

export function trackHeight({ total, rowHeight }: RowSpace): number {
  return Math.min(total * rowHeight, maxTrack);
}

/** Whether the track is shorter than the list. */
export function isScaled({ total, rowHeight }: RowSpace): boolean {
  return total * rowHeight > maxTrack;
}

/** The list's pixel at the upper edge of the view can be at most this. */
export function maxTop({ total, rowHeight, viewport }: RowSpace): number {
  return Math.max(0, total * rowHeight - viewport);
}

export function topOfScroll(scrollTop: number, space: RowSpace): number {
  if (!isScaled(space)) return scrollTop;
  const range = maxTrack - space.viewport;
  return range <= 0 ? 0 : Math.min(maxTop(space), (scrollTop / range) * maxTop(space));
}

export function scrollOfTop(top: number, space: RowSpace): number {
  if (!isScaled(space)) return top;
  return (top / maxTop(space)) * (maxTrack - space.viewport);
}

/** First row in view and the one after the last, with `overscan` rows on either side. */
export function rowsInView(top: number, { total, rowHeight, viewport }: RowSpace, overscan: number): { first: number; end: number } {
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  return { first: Math.min(first, total), end: Math.min(total, Math.ceil((top + viewport) / rowHeight) + overscan) };
}

/** Where the view's upper edge goes so that a row is seen whole, by the least movement. */
export function topShowing(row: number, top: number, space: RowSpace): number {
  const start = row * space.rowHeight;
  const wanted = Math.min(start, Math.max(top, start + space.rowHeight - space.viewport));
  return Math.max(0, Math.min(maxTop(space), wanted));
}
