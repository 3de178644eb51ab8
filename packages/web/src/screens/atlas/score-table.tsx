import type { DictionaryManifest } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatNumber } from "../../parts/format.ts";
import type { TermId } from "../../parts/glossary.ts";
import { TermLabel } from "../../parts/number.tsx";
import { scoreNote, scoreRows, type ScoreRow } from "./scores.ts";

const terms: Partial<Record<ScoreRow["id"], TermId>> = { pca: "pca", random: "randomDictionary", mean: "meanAblation" };

/** The honest numbers: the dictionary between the untouched model and what it must beat. */
export function ScoreTable({ dictionary }: { dictionary: DictionaryManifest }): ReactElement {
  return (
    <>
      <table className="scores">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">What</span>
            </th>
            <th scope="col">
              <TermLabel term="fvu" />
            </th>
            <th scope="col">
              <TermLabel term="l0" />
            </th>
            <th scope="col">
              <TermLabel term="deltaCe" />
            </th>
            <th scope="col">
              <TermLabel term="gap">of gap</TermLabel>
            </th>
            <th scope="col">
              <TermLabel term="ce">CE</TermLabel>
            </th>
          </tr>
        </thead>
        <tbody>
          {scoreRows(dictionary).map(({ id, name, fvu, l0, deltaCe, ce, gap }) => {
            const term = terms[id];
            return (
              <tr key={id} className={id === "dictionary" ? "own" : undefined}>
                <th scope="row">{term === undefined ? name : <TermLabel term={term}>{name}</TermLabel>}</th>
                <td>{cell(fvu, 3)}</td>
                <td>{cell(l0, 0)}</td>
                <td>{cell(deltaCe, 3)}</td>
                <td>{gap === null ? "–" : `${formatNumber(100 * gap, 2)} %`}</td>
                <td>{cell(ce, 2)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="scores-note quiet">
        <TermLabel term={dictionary.imported ? "silent" : "dead"} />: {scoreNote(dictionary)}
      </p>
    </>
  );
}

/** Fixed decimals, so that a column can be read down; trailing zeros go where the number is whole. */
function cell(value: number | null, decimals: number): string {
  if (value === null) return "–";
  return Number.isInteger(value) ? String(value) : value.toFixed(decimals === 0 ? 1 : decimals);
}
