import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactElement, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { followOtherTabs } from "../api/names.ts";
import { useAtlases } from "../api/queries.ts";
import { rememberAtlas, useSelectedAtlas } from "../state/selection.ts";
import { useAddressTitle } from "../state/title.ts";
import { CopyLink } from "./copy-link.tsx";
import { keyReader, typesText } from "./keys.ts";
import { Picker } from "./picker.tsx";
import { screens } from "./screens.ts";
import { SearchBox } from "./search-box.tsx";
import { ServerState } from "./server-state.tsx";
import { Settings } from "./settings.tsx";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";
import "./shell.css";

/** What stands around every screen: where one is, where one can go, what is open. */
export function Shell({ children }: { children: ReactNode }): ReactElement {
  const [path, navigate] = useLocation();
  const atlas = useSelectedAtlas();
  const client = useQueryClient();
  const atlases = useAtlases();
  const search = useRef<HTMLInputElement>(null);
  const [help, setHelp] = useState(false);
  const home = atlas === undefined ? "/atlas" : `/atlas/${encodeURIComponent(atlas)}`;

  useAddressTitle(path, atlas);
  useEffect(() => followOtherTabs(client), [client]);
  const there = atlases.data?.atlases.some(({ id, summary }) => id === atlas && summary !== null) ?? false;
  useEffect(() => {
    if (atlas !== undefined && there) rememberAtlas(atlas);
  }, [atlas, there]);

  useEffect(() => {
    const read = keyReader();
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typesText(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const action = read(event.key, event.timeStamp);
      if (!action) return;
      event.preventDefault();
      if (action.type === "go") navigate(action.path === "/atlas" ? home : action.path);
      else if (action.type === "search") search.current?.focus();
      else setHelp(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate, home]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="bar">
        <Link href="/" className="brand">
          Lexiscope
        </Link>
        <nav aria-label="Screens">
          {screens.map(({ path: to, name, letter }) => (
            <Link
              key={to}
              href={to === "/atlas" ? home : to}
              aria-current={path === to || path.startsWith(`${to}/`) ? "page" : undefined}
              aria-keyshortcuts={`g ${letter}`}
            >
              {name}
            </Link>
          ))}
        </nav>
        <Picker />
        <SearchBox input={search} />
        <ServerState />
        <CopyLink />
        <Settings help={() => setHelp(true)} />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <ShortcutsDialog open={help} close={() => setHelp(false)} />
    </>
  );
}
