import { useEffect, useRef, useState } from "react";
import { useUrlState } from "../../state/url-state.ts";
import { addressLimit, keepText, readText } from "./kept-text.ts";

/** A pause after which what is typed is read, in milliseconds; longer texts wait longer. */
const pause = (length: number): number => (length <= addressLimit ? 350 : 900);

interface InspectedText {
  /** What stands in the field. */
  draft: string;
  setDraft: (draft: string) => void;
  /** What is inspected. */
  text: string;
  /** Inspects this now. */
  submit: (text: string) => void;
  inAddress: boolean;
}

/** The text: in the address when it is short, else in this tab alone. */
export function useText(): InspectedText {
  const [params, change] = useUrlState();
  const address = params.get("text");
  const [text, setText] = useState(() => readText(address));
  const [draft, setDraft] = useState(text);
  const written = useRef(address);

  const submit = (next: string): void => {
    setDraft(next);
    setText(next);
    written.current = keepText(next);
    change({ text: written.current, ...(next === text ? {} : { at: null }) });
  };

  // The address changed from outside: a link, or a step back.
  useEffect(() => {
    if (address === written.current || address === null) return;
    written.current = address;
    setText(address);
    setDraft(address);
  }, [address]);

  const latest = useRef(submit);
  latest.current = submit;
  useEffect(() => {
    if (draft === text) return undefined;
    const timer = setTimeout(() => latest.current(draft), pause(draft.length));
    return () => clearTimeout(timer);
  }, [draft, text]);

  return { draft, setDraft, text, submit, inAddress: text.length <= addressLimit };
}
