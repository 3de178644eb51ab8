import type { SearchResponse } from "@lexiscope/contract";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useState, type KeyboardEvent, type ReactElement } from "react";
import { apiPath, request } from "../api/client.ts";
import { formatNumber, formatShare, visibleToken } from "./format.ts";
import "./feature-picker.css";

interface Choice {
  index: number;
  name: string;
  detail: string;
}

/** A field in which a feature is chosen by a word, a name or its number. */
export function FeaturePicker({
  atlas,
  onChoose,
  placeholder = "Add a feature: word, name, number",
  autoFocus = false,
}: {
  atlas: string;
  onChoose: (feature: number) => void;
  placeholder?: string;
  autoFocus?: boolean;
}): ReactElement {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const id = useId();
  const q = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ["features", atlas, "pick", q],
    queryFn: ({ signal }) => request<SearchResponse>(apiPath(["search"], { q, atlas, limit: 12 }), { signal }),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  const choices = choicesFor(q, found.data);
  const chosen = choices[Math.min(active, choices.length - 1)];
  const choose = (choice: Choice | undefined): void => {
    if (!choice) return;
    onChoose(choice.index);
    setText("");
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const last = Math.max(0, choices.length - 1);
      setActive((now) => (event.key === "ArrowDown" ? Math.min(last, now + 1) : Math.max(0, now - 1)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(chosen);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
    }
  };
  const shown = open && q !== "";
  return (
    <div className="pick">
      <input
        role="combobox"
        aria-label="Feature"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && chosen ? `${id}-${chosen.index}` : undefined}
        placeholder={placeholder}
        autoFocus={autoFocus}
        autoComplete="off"
        spellCheck={false}
        maxLength={1000}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id={`${id}-list`} aria-label="Features found" className="pick-list" hidden={!shown}>
        {shown &&
          choices.map((choice, i) => (
            <li
              key={choice.index}
              id={`${id}-${choice.index}`}
              role="option"
              aria-selected={choice === chosen}
              onPointerDown={(event) => {
                event.preventDefault(); // keeps the focus in the field
                choose(choice);
              }}
              onPointerEnter={() => setActive(i)}
            >
              <bdi className="pick-name">{choice.name}</bdi>
              <span className="quiet">#{choice.index}</span>
              <span className="pick-detail quiet">{choice.detail}</span>
            </li>
          ))}
        {shown && choices.length === 0 && (
          <li className="pick-none quiet" role="option" aria-selected={false} aria-disabled>
            {found.isError ? found.error.message : found.isFetching ? "Searching …" : "No feature has that. Try another word, or a number."}
          </li>
        )}
      </ul>
    </div>
  );
}

function choicesFor(q: string, found: SearchResponse | undefined): Choice[] {
  const number = /^#?(\d{1,8})$/.exec(q)?.[1];
  const direct = number === undefined ? [] : [{ index: Number(number), name: `Feature ${Number(number)}`, detail: "by its number" }];
  const results = q === "" ? [] : (found?.results ?? []);
  const listed = results.map(({ index, name, word, topToken, density, maximum }) => ({
    index,
    name: visibleToken(name ?? (word === "" ? topToken : word)),
    detail: `max ${formatNumber(maximum)} · fires on ${formatShare(density)}`,
  }));
  return [...direct, ...listed.filter(({ index }) => index !== direct[0]?.index)];
}
