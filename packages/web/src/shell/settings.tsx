import type { ReactElement } from "react";
import { SettingsIcon } from "../parts/icons.tsx";
import { Menu } from "../parts/menu.tsx";
import { useHideOffensive } from "../state/preferences.ts";
import { applyTheme, parseTheme, theme as storedTheme, themes, type Theme } from "../state/theme.ts";
import { useStored } from "../state/use-stored.ts";

const names: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

/** How the page looks, in this browser. */
export function Settings({ help }: { help: () => void }): ReactElement {
  const theme = parseTheme(useStored(storedTheme));
  const [hide, setHide] = useHideOffensive();
  return (
    <Menu className="settings" align="right" label="Settings" icon button={<SettingsIcon />}>
      {(close) => (
        <>
          <div role="group" aria-label="Colours">
            <h3 aria-hidden="true">Colours</h3>
            {themes.map((each) => (
              <button
                key={each}
                type="button"
                role="menuitemradio"
                aria-checked={theme === each}
                tabIndex={-1}
                className="menu-item"
                onClick={() => applyTheme(each)}
              >
                <span className="mark" aria-hidden="true">
                  {theme === each ? "✓" : ""}
                </span>
                {names[each]}
              </button>
            ))}
          </div>
          <hr />
          <button
            type="button"
            role="menuitemcheckbox"
            aria-checked={hide}
            tabIndex={-1}
            className="menu-item"
            onClick={() => setHide(!hide)}
          >
            <span className="mark" aria-hidden="true">
              {hide ? "✓" : ""}
            </span>
            Hide offensive examples
            <span className="detail">Blurs texts that hold a word of a short list: a heuristic that misses much.</span>
          </button>
          <hr />
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            className="menu-item"
            onClick={() => {
              close();
              help();
            }}
          >
            <span />
            Keyboard shortcuts
            <kbd>?</kbd>
          </button>
        </>
      )}
    </Menu>
  );
}
