import type { SearchResponse } from "@lexiscope/contract";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useRef, useState, type KeyboardEvent, type ReactElement, type RefObject } from "react";
import { useLocation } from "wouter";
import { apiPath, request } from "../api/client.ts";
import { visibleToken } from "../parts/format.ts";
import { Sensitive } from "../parts/sensitive.tsx";
import { useSelectedAtlas } from "../state/selection.ts";
import { useDebounced } from "../state/use-debounced.ts";
import { searchOptions } from "./search-options.ts";

/** Search from every screen; the hits drop down. */
export function SearchBox({ input }: { input: RefObject<HTMLInputElement | null> }): ReactElement {
  const [, navigate] = useLocation();
  const atlas = useSelectedAtlas();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const query = useDebounced(text.trim(), 120);
  const search = useQuery({
    queryKey: ["search", atlas, query],
    queryFn: ({ signal }) => request<SearchResponse>(apiPath(["search"], { q: query, atlas, limit: 8 }), { signal }),
    enabled: open && query !== "",
    placeholderData: keepPreviousData,
  });
  const options = searchOptions(text, atlas, text.trim() === "" ? [] : (search.data?.results ?? []));
  const shown = open && options.length > 0;

  const go = (href: string): void => {
    setOpen(false);
    setText("");
    setActive(-1);
    input.current?.blur();
    navigate(href);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const next = active + (event.key === "ArrowDown" ? 1 : -1);
      setActive(options.length === 0 ? -1 : (next + options.length) % options.length);
    } else if (event.key === "Enter") {
      const option = options[active] ?? (options[0]?.key === "number" ? options[0] : options.at(-1));
      if (option) go(option.href);
    } else if (event.key === "Escape") {
      if (text === "") input.current?.blur();
      setOpen(false);
      setText("");
    }
  };

  return (
    <div
      className="search"
      role="search"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Search features"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
        aria-keyshortcuts="/"
        placeholder="Search features"
        autoComplete="off"
        spellCheck={false}
        maxLength={1000}
        value={text}
        onFocus={() => setOpen(true)}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(-1);
        }}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <div className="search-list" role="listbox" id={`${id}-list`} aria-label="Hits" ref={list} hidden={!shown}>
        {options.map(({ key, href, index, title, detail }, i) => (
          <div
            key={key}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            className="search-option"
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => go(href)}
          >
            <span className="search-index">{index ?? ""}</span>
            <Sensitive text={title}>
              <bdi>{visibleToken(title)}</bdi>
            </Sensitive>
            <span className="quiet">{detail}</span>
          </div>
        ))}
      </div>
      <span className="visually-hidden" role="status">
        {search.isError ? search.error.message : shown ? `${options.length} choices` : ""}
      </span>
    </div>
  );
}
