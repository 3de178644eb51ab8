/** What keeps a dictionary sparse, in two words: `k 32` of TopK, `λ 5` of a ReLU with a penalty. Imports nothing, for the page. */
export function sparsityText({ k, l1 }: { k?: number | null | undefined; l1?: number | null | undefined }): string {
  return typeof k === "number" ? `k ${k}` : typeof l1 === "number" ? `λ ${l1}` : "no fixed k";
}
