import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, type ReactElement, type ReactNode } from "react";

/** A list whose rows have heights of their own; only those in view are there. */
export function VirtualRows({
  label,
  count,
  keyOf,
  row,
}: {
  label: string;
  count: number;
  keyOf: (index: number) => number;
  row: (index: number) => ReactNode;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => 38,
    getItemKey: keyOf,
    overscan: 12,
  });
  return (
    <div className="virtual-rows" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <div role="list" style={{ position: "relative", height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ key, index, start }) => (
          <div
            key={key}
            role="listitem"
            aria-setsize={count}
            aria-posinset={index + 1}
            data-index={index}
            ref={rows.measureElement}
            className="virtual-row"
            style={{ transform: `translateY(${start}px)` }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
