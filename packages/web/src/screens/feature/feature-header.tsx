import type { FeatureDetail } from "@lexiscope/contract";
import { useEffect, type ReactElement } from "react";
import { Link, useLocation } from "wouter";
import { apiPath } from "../../api/client.ts";
import { usePrefetchFeature } from "../../api/feature-detail.ts";
import { AddToList } from "../../parts/add-to-list.tsx";
import { chatLink } from "../../parts/chat-link.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { newDial } from "../../parts/dial-units.ts";
import { Menu } from "../../parts/menu.tsx";
import { NameEditor } from "../../parts/name-editor.tsx";
import { quotedToken } from "../../parts/token-text.ts";
import { featureHref, stepFeature } from "./feature-address.ts";
import { FeatureFigures } from "./feature-figures.tsx";

const formats = [
  { format: "json", says: "all that is known of it" },
  { format: "csv", says: "its examples as a table" },
  { format: "svg", says: "a picture that scales" },
  { format: "png", says: "a picture" },
] as const;

/** What the feature is called, its numbers, and where one can go with it. */
export function FeatureHeader({
  atlas,
  index,
  detail,
  features,
}: {
  atlas: string;
  index: number;
  detail: FeatureDetail | undefined;
  features: number | undefined;
}): ReactElement {
  const inspect = new URLSearchParams({ atlas, pin: String(index) });
  return (
    <header className="feature-head">
      <div className="feature-line">
        <Steps atlas={atlas} index={index} features={features} />
        <CopyButton className="plain mono feature-id" text={`${atlas}/${index}`} label="Copy the name to cite it by">
          <bdi>{atlas}</bdi>/{index}
        </CopyButton>
        <h1 className="feature-name">
          <span className="visually-hidden">Feature {index}: </span>
          {detail ? <NameEditor atlas={atlas} feature={index} label={detail.label} fallback={ownWord(detail)} /> : "\u00a0"}
        </h1>
        <div className="feature-actions">
          <AddToList atlas={atlas} features={[index]} />
          <Link className="button" href={`/inspect?${inspect}`} title="Read a text with this feature pinned">
            Inspect
          </Link>
          <Link
            className="button"
            href={chatLink({ atlas, edits: [newDial(index, detail?.maximum).edit], prompt: "" })}
            title="Chat with this feature turned up"
          >
            Chat
          </Link>
          <Menu button="Export" label="Export this feature" align="right">
            {(close) =>
              formats.map(({ format, says }) => (
                <a
                  key={format}
                  role="menuitem"
                  className="menu-item"
                  href={apiPath(["atlases", atlas, "features", index, "export"], { format })}
                  download={`${atlas}-${index}.${format}`}
                  onClick={close}
                >
                  <span />
                  <span>{format.toUpperCase()}</span>
                  <span className="detail">{says}</span>
                </a>
              ))
            }
          </Menu>
        </div>
      </div>
      {detail && detail.lists.length > 0 && (
        <p className="feature-lists">
          <span className="quiet">in</span>
          {detail.lists.map(({ id, name }) => (
            <Link key={id} href={`/lists/${encodeURIComponent(id)}?${new URLSearchParams({ atlas })}`}>
              <bdi>{name}</bdi>
            </Link>
          ))}
        </p>
      )}
      <FeatureFigures detail={detail} />
    </header>
  );
}

/** What stands in for a name: the word at its peaks, else the token at the strongest. */
function ownWord({ word, topToken, fired }: FeatureDetail): string {
  if (fired === 0) return "never fired";
  return word === "" || topToken.includes("\\x") ? quotedToken(topToken) : `“${word}”`;
}

function Steps({ atlas, index, features }: { atlas: string; index: number; features: number | undefined }): ReactElement {
  const [, navigate] = useLocation();
  const prefetch = usePrefetchFeature(atlas);
  const before = stepFeature(index, -1, features);
  const after = stepFeature(index, 1, features);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const to = event.key === "[" ? before : event.key === "]" ? after : undefined;
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]")) return;
      navigate(featureHref(atlas, to));
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [atlas, before, after, navigate]);
  const step = (to: number | undefined, sign: string, says: string, key: string): ReactElement =>
    to === undefined ? (
      <span className="feature-step quiet" aria-hidden="true">
        {sign}
      </span>
    ) : (
      <Link
        className="feature-step"
        href={featureHref(atlas, to)}
        aria-label={`${says} feature, ${to}`}
        aria-keyshortcuts={key}
        title={`${says} feature (key ${key})`}
        onPointerEnter={() => prefetch(to)}
        onFocus={() => prefetch(to)}
      >
        {sign}
      </Link>
    );
  return (
    <nav className="feature-steps" aria-label="Features beside this one">
      {step(before, "‹", "Previous", "[")}
      {step(after, "›", "Next", "]")}
    </nav>
  );
}
