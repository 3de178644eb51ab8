import { useEffect, useState, type ReactElement } from "react";
import { useLocation, useSearch } from "wouter";
import { LinkIcon } from "../parts/icons.tsx";
import { useSelectedAtlas, useSelectedModel } from "../state/selection.ts";
import { shareAddress } from "./addresses.ts";

/** Copies the address of what is seen. */
export function CopyLink(): ReactElement {
  const [path] = useLocation();
  const search = useSearch();
  const atlas = useSelectedAtlas();
  const model = useSelectedModel();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <button
      type="button"
      className="plain icon copy-link"
      aria-label="Copy a link to this view"
      title="Copy a link to this view"
      onClick={() => {
        const address = new URL(shareAddress(location.pathname, search, { atlas, model }) + location.hash, location.origin).href;
        copyText(address).then(
          () => setState("copied"),
          () => setState("failed"),
        );
      }}
    >
      <LinkIcon />
      <span className={state === "idle" ? "visually-hidden" : "copy-said"} role="status" data-path={path}>
        {state === "copied" ? "copied" : state === "failed" ? "not allowed: copy it from the address bar" : ""}
      </span>
    </button>
  );
}

/** The clipboard is there on loopback and https; elsewhere the old way still works. */
async function copyText(text: string): Promise<void> {
  if (isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser did not copy");
}
