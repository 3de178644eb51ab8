import { createChatTemplate } from "@lexiscope/model";
import { mutatedText } from "../mutate-text.ts";
import type { FuzzTarget } from "../target.ts";

const chatml =
  "{% for m in messages %}{% if loop.first and m.role != 'system' %}{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}<|im_start|>{{ m['role'] }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const llama =
  "{{- bos_token }}{%- set ns = namespace(n=0, text='') %}{%- macro turn(m, last=false) %}{{ m.role | upper }}: {{ m.content.replace('\\n', ' ') }}{% if last %}!{% endif %}{% endmacro %}{%- for m in messages %}{%- set ns.n = ns.n + 1 %}{%- set ns.text = ns.text ~ m.content %}{{ turn(m, last=loop.last) }}{%- endfor %}{{ messages | tojson(indent=2) }}{{ ns.text[:20] }}";

/** What loops, doubles, nests, repeats and recurses in Jinja, with what ends it. */
const words = [
  "{% for i in range(100000) %}",
  "{% for i in messages %}",
  "{% for i in a %}",
  "{% endfor %}",
  "{% set a = a + a %}",
  "{% set a = [a, a] %}",
  "{% set a = [1, 2, 3] %}",
  "{% set a = 'ab\\ncd' %}",
  "{% set a = a ~ a %}",
  "{% set ns = namespace(a='x', b=[]) %}",
  "{% set ns.a = ns.a ~ ns.a %}",
  "{% set ns.b = ns.b + [ns.a] %}",
  "{% set ns.b = ns %}",
  "{% set ns.b = [ns.b, ns.b] %}",
  "{% macro f(x) %}",
  "{{ f(x) }}{{ f(x) }}",
  "{% endmacro %}",
  "{{ f(1) }}",
  "{% call f(1) %}",
  "{% endcall %}",
  "{% filter indent(99999999) %}",
  "{% filter upper %}",
  "{% endfilter %}",
  "{{ a }}",
  "{{ ns }}",
  "{{ a | tojson }}",
  "{{ a | tojson(indent=99999999) }}",
  "{{ a | join(a) }}",
  "{{ range(100000) | join('xxxxxxxxxxxxxxxx') }}",
  "{{ a | indent(268435455) }}",
  "{{ a | indent(2, true, true) }}",
  "{{ a.replace('', a) }}",
  "{{ a | replace('', a) }}",
  "{{ 'x'.replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}",
  "{{ a == ns }}",
  "{{ a in ns.b }}",
  "{{ a | sort | unique | list | length }}",
  "{{ messages | map(attribute='content') | list }}",
  "{{ messages | selectattr('role', 'equalto', 'user') | list }}",
  "{{ a[::-1] }}",
  "{{ a[0:99999999:0] }}",
  "{{ 2 ** 1023 }}",
  "{{ 9 ** 9 ** 9 }}",
  "{{ ((((((((1)))))))) }}",
  "{{ {'a': a, 'b': {'c': a}} | dictsort }}",
  "{{ 'a b c'.split(' ') * 3 }}",
  "{{ strftime_now(a) }}",
  "{{ raise_exception(a) }}",
  "{{ range(0, 1e9, 0.001) }}",
  "{% if a is defined and a %}",
  "{% else %}",
  "{% endif %}",
  "{% break %}",
  "{# comment #}",
  "{% generation %}",
  " ".repeat(3000),
  "(".repeat(3000),
  "{{ '\\u12' }}",
];

/** Chat templates: parsed and rendered on a short conversation. */
export async function template(): Promise<FuzzTarget> {
  const seeds = [chatml, llama];
  return {
    seeds: seeds.map((seed) => new TextEncoder().encode(seed)),
    arbitrary: mutatedText(seeds, words),
    limits: { cpuMs: 4000, heap: 512 * 2 ** 20 },
    read: (input) =>
      createChatTemplate({ template: new TextDecoder().decode(input), file: "fuzz.jinja", bosToken: "<s>", eosToken: undefined }).render(
        [
          { role: "system", content: "Be\nbrief." },
          { role: "user", content: "Hi {{ x }}" },
        ],
        { addGenerationPrompt: true },
      ),
  };
}
