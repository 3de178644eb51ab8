import type { InspectResponse } from "@lexiscope/contract";
import type { CSSProperties, ReactElement, ReactNode } from "react";
import { Link } from "wouter";
import { usePrefetchFeature } from "../../api/feature-detail.ts";
import { TokenLabel } from "../../parts/tokens.tsx";

/** A feature in a list: its name as a link, a bar, a value, and a pin. */
export function FeatureBar({
  atlas,
  index,
  topToken,
  names,
  part,
  value,
  title,
  pinned,
  toggle,
}: {
  atlas: string;
  index: number;
  topToken: string;
  names: InspectResponse["names"];
  /** Length of the bar, 0 to 1. */
  part: number;
  value: ReactNode;
  title: string;
  pinned: boolean;
  toggle: (index: number) => void;
}): ReactElement {
  const prefetch = usePrefetchFeature(atlas);
  return (
    <li className="feature-bar" style={{ "--part": Math.min(1, part) } as CSSProperties} title={title}>
      <button
        type="button"
        className="plain pin"
        aria-pressed={pinned}
        aria-label={`${pinned ? "Unpin" : "Pin"} feature ${index}`}
        title={pinned ? "Unpin" : "Pin: see it over the whole text"}
        onClick={() => toggle(index)}
      >
        {pinned ? "◆" : "◇"}
      </button>
      <Link
        className="feature-bar-name"
        href={`/atlas/${encodeURIComponent(atlas)}/${index}`}
        onPointerEnter={() => prefetch(index)}
        onFocus={() => prefetch(index)}
      >
        <FeatureName index={index} topToken={topToken} names={names} /> <span className="quiet small">{index}</span>
      </Link>
      <span className="feature-bar-value">{value}</span>
    </li>
  );
}

/** A person's own name, else the word at its peaks, else the token at the strongest. */
export function FeatureName({
  index,
  topToken,
  names,
}: {
  index: number;
  topToken: string;
  names: InspectResponse["names"];
}): ReactElement {
  const { name = null, word = "" } = names[String(index)] ?? {};
  if (name !== null) return <bdi>{name}</bdi>;
  return word === "" || topToken.includes("\\x") ? <TokenLabel text={topToken} /> : <bdi className="token-label">{word}</bdi>;
}
