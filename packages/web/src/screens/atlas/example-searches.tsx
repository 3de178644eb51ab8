import type { ReactElement } from "react";
import { Link, useSearch } from "wouter";
import { useReadableFeatures } from "../../api/feature-pages.ts";
import { readableWords } from "../../parts/readable-words.ts";

/** Searches to begin with, in words of this atlas: those of its most readable features. It stays, so that nothing below it jumps. */
export function ExampleSearches({ atlas, q }: { atlas: string; q: string }): ReactElement {
  const words = readableWords(useReadableFeatures(atlas).data?.items ?? [], 8);
  const search = useSearch();
  const href = (word: string): string => {
    const query = new URLSearchParams(search);
    query.set("q", word);
    return `/atlas/${encodeURIComponent(atlas)}?${query}`;
  };
  return (
    <p className="try-searches">
      {words.length > 0 && <span className="quiet">Try</span>}
      {words.map(({ word }) => (
        <Link key={word} href={href(word)} aria-current={word === q ? "true" : undefined}>
          <bdi>{word}</bdi>
        </Link>
      ))}
    </p>
  );
}
