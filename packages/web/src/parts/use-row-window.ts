import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { isScaled, maxTop, rowsInView, scrollOfTop, topOfScroll, topShowing, trackHeight, type RowSpace } from "./row-window.ts";

const overscan = 8;

export interface RowWindow {
  first: number;
  end: number;
  /** Height of the element that holds the rows. */
  height: number;
  /** Where a row lies in that element. */
  y: (row: number) => number;
  /** Rows that fit into the view. */
  page: number;
  show: (row: number) => void;
  top: () => number;
  jump: (top: number) => void;
}

/** Follows a scroll container (`scroller`, with a sticky header of `headerHeight`) over `total` rows of equal height. */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  { total, rowHeight, headerHeight }: { total: number; rowHeight: number; headerHeight: number },
): RowWindow {
  const [viewport, setViewport] = useState(600);
  const [at, setAt] = useState({ top: 0, scrollTop: 0 });
  const space: RowSpace = { total, rowHeight, viewport };
  const state = useRef({ space, at });
  useLayoutEffect(() => {
    state.current.space = { total, rowHeight, viewport };
  }, [total, rowHeight, viewport]);

  const place = useCallback((top: number, scrollTop: number) => {
    state.current.at = { top, scrollTop };
    setAt(state.current.at);
  }, []);
  const jump = useCallback(
    (wanted: number) => {
      const element = scroller.current;
      if (!element) return;
      const top = Math.max(0, Math.min(maxTop(state.current.space), wanted));
      element.scrollTop = scrollOfTop(top, state.current.space);
      place(top, element.scrollTop);
    },
    [scroller, place],
  );

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = new ResizeObserver(() => setViewport(Math.max(rowHeight, element.clientHeight - headerHeight)));
    measure.observe(element);
    const onScroll = (): void => {
      // A scroll of our own making is known already, to the pixel.
      if (Math.abs(element.scrollTop - state.current.at.scrollTop) < 1) return;
      place(topOfScroll(element.scrollTop, state.current.space), element.scrollTop);
    };
    // On a shortened track one notch of the wheel would skip rows: it moves by the list's own pixels instead.
    const onWheel = (event: WheelEvent): void => {
      if (!isScaled(state.current.space) || event.ctrlKey || event.deltaY === 0) return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? rowHeight : event.deltaMode === 2 ? state.current.space.viewport : 1;
      jump(state.current.at.top + event.deltaY * unit);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      measure.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
    };
  }, [scroller, rowHeight, headerHeight, place, jump]);

  const show = useCallback(
    (row: number) => {
      const { space, at } = state.current;
      const top = topShowing(row, at.top, space);
      if (top !== at.top) jump(top);
    },
    [jump],
  );

  return {
    ...rowsInView(at.top, space, overscan),
    height: trackHeight(space),
    y: (row) => row * rowHeight - at.top + at.scrollTop,
    page: Math.max(1, Math.floor(viewport / rowHeight) - 1),
    show,
    top: useCallback(() => state.current.at.top, []),
    jump,
  };
}
