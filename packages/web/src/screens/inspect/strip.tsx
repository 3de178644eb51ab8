import { useMemo, type ReactElement } from "react";
import { largestByBucket } from "./downsample.ts";

const [width, height] = [600, 24];

/** A feature over a long text: the largest activation of each stretch. A press goes to the token there. */
export function Strip({
  activations,
  maximum,
  onToken,
}: {
  activations: readonly number[];
  maximum: number;
  onToken: (index: number) => void;
}): ReactElement {
  const path = useMemo(() => {
    const largest = largestByBucket(activations, width);
    const step = width / Math.max(1, largest.length);
    const top = maximum > 0 ? maximum : Math.max(1, ...largest);
    return largest
      .map((value, i) =>
        value > 0
          ? `M${(i * step).toFixed(2)} ${height}v${(-Math.max(1.5, Math.min(1, value / top) * height)).toFixed(2)}h${step.toFixed(2)}V${height}z`
          : "",
      )
      .join("");
  }, [activations, maximum]);
  return (
    <svg
      className="strip"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label="Activation along the text"
      onClick={({ clientX, currentTarget }) => {
        const box = currentTarget.getBoundingClientRect();
        onToken(Math.min(activations.length - 1, Math.floor(((clientX - box.left) / box.width) * activations.length)));
      }}
    >
      <path d={path} />
    </svg>
  );
}
