#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Renders the templates of ours below with Jinja2, in the environment that chat templates get, to golden.json.

    pip install jinja2 && python3 make_golden.py
"""
import json
import pathlib
from datetime import datetime

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_show"), [], [], body).set_lineno(line)

    def _show(self, caller):
        return caller()


def raise_exception(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def make_environment():
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime(2026, 7, 5, 9, 8, 7).strftime(form)
    return environment


def render(environment, template, variables):
    """The text, or None where the template raises."""
    try:
        return environment.from_string(template).render(**variables)
    except Exception:
        return None


TALK = [{"role": "system", "content": " Be <b>brief</b>. "}, {"role": "user", "content": "Hé\n\"you\" 🙂"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nYes. "}, {"role": "user", "content": "line\n  two\n"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather.\nOf a place.", "parameters": {
    "type": "object", "required": ["place"], "properties": {
        "place": {"type": "string", "description": "A town"}, "days": {"type": "integer", "default": 3},
        "unit": {"type": "string", "enum": ["c", "f"]}}}}}]
CALLS = [{"role": "user", "content": "Weather?"},
         {"role": "assistant", "content": "", "tool_calls": [{"id": "abc123xyz", "type": "function", "function": {
             "name": "get_weather", "arguments": {"place": "Ürümqi", "days": 2}}}]},
         {"role": "tool", "content": "{\"t\": -3}", "tool_call_id": "abc123xyz"},
         {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
         {"role": "tool", "content": "ok"}]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "look "}, {"type": "image"}, {"type": "text", "text": "here"}]}]
CHAT = {"messages": TALK, "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True, "tools": None}
WITH_TOOLS = {**CHAT, "messages": CALLS, "tools": TOOLS}

# Expressions, each shown alone. x, s, l, d are variables.
VARIABLES = {"x": 7, "y": -2.5, "s": " Hello, Wörld ", "t": "a-b-c", "l": [3, 1, 2], "e": [], "d": {"b": 1, "a": [2, {"c": None}], "items": 5},
             "n": None, "yes": True, "no": False, "words": ["b", "A", "c", "a"], "m": TALK, "z": 0,
             "o": [{"n": "p", "v": 2, "k": {"q": 1}}, {"n": "Q", "v": 1}, {"n": "p", "v": 3}]}
EXPRESSIONS = r"""
1 + 2 * 3 - 4 / 2
7 // 2 ~ -7 // 2 ~ 7 % 3 ~ -7 % 3 ~ 7 % -3
7.5 // 2 ~ -7.5 % 2 ~ 2 ** 3 ** 2 ~ 2 ** -1
1 / 3
10 / 5
1e3 ~ 1.5e-7 ~ 1e16 ~ 123456789.125 ~ (0.1 + 0.2)
-x ~ +x ~ - -x
true + true
1 == 1.0 and true == 1 and 'a' != 1
[1, 2] == [1, 2.0] and (1, 2) != [1, 2]
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2
'a' < 'b' and [1, 2] < [1, 3]
'a' in 'abc', 'd' not in 'abc', 1 in l, 'b' in d, 9 in e
not x, not not x, not e or x
n or s, x and t, e or n, none, True, false
'yes' if x > 3 else 'no'
'yes' if x > 30
('a' if yes else 'b') ~ ('c' if no else 'd')
x if no else y if no else t
[1, 'two', 3.0, none, true, [e, {}], (), (1,), (1, 2)]
{'a': 1, 2: 'b', none: [1], 'q"': 'it\'s', "é": "\n\t\\"}
'it\'s' ~ "a\"b" ~ '\x41\u00e9\101\q'
'one' 'two' ~ 'three'
['it\'s', 'say "x"', 'both \' "', 'tab\t']
s, s.strip(), s.lstrip(), s.rstrip(), t.strip('ac'), t.lstrip('a-'), t.rstrip('c')
s.upper(), s.lower(), s.title(), t.capitalize(), s.swapcase()
t.split('-'), t.split('-', 1), ' a  b '.split(), ' a  b c '.split(none, 1), 'a--b'.split('-')
t.rsplit('-', 1), ' a b c '.rsplit(none, 1), 'a\nb\r\nc\n'.splitlines(), 'a\nb'.splitlines(true)
t.replace('-', '+'), t.replace('-', '', 1), 'aaa'.replace('aa', 'b'), 'ab'.replace('', '.')
t.startswith('a-'), t.endswith(('x', 'c')), t.startswith('b', 2), s.find('W'), s.find('q'), t.rfind('-'), t.count('-'), t.index('b')
', '.join(words), '-'.join('abc'), ''.join([])
'5'.isdigit(), 'a5'.isalnum(), ''.isdigit(), ' '.isspace(), 'Ab'.islower(), 'AB'.isupper(), 'é'.isalpha()
'7'.zfill(3), '-7'.zfill(4), 'a'.ljust(3) ~ '|', 'a'.rjust(3), 'a'.center(4) ~ '|', 'ab'.center(5, '*')
t.partition('-'), t.rpartition('-'), t.partition('x'), 'prefix'.removeprefix('pre'), 'file.txt'.removesuffix('.txt')
'{} {}'.format(1, 'b'), '{1}{0}'.format('a', 'b'), '{name}!'.format(name=s), '{{}}'.format()
'%s is %d of %5.2f%%' % ('x', 3, 2.5), '%r' % 'a', '%03d|%-4s|%+d|%x' % (7, 'b', 5, 255), 'one %s' % 'two'
'%(a)s-%(b)s' % {'a': 1, 'b': 2}
'ab' * 3, 2 * 'c', [1] * 2, 'x' * -1
[1] + [2, 3], (1,) + (2,)
s[1], s[-2], s[1:4], s[:-1], s[::-1], s[::2], s[5:2], s[-4:], 'é🙂a'[1], 'é🙂a'[:2]
l[0], l[-1], l[1:], l[::-1], l[5:], l[:2], l[-2:-1], (1, 2, 3)[1:], l[::2]
l[10] is defined, s[99] is defined, d.zz is defined, d['zz'] is undefined, m[0].role, m[0]['role']
d.items is callable, d['items'], d.get('b'), d.get('q'), d.get('q', 4), d.keys() | list, d.values() | list, d.items() | list
d.a[1].c is none, d.a.0, d['a'][1]['c']
l.count(1), l.index(2), (1, 1).count(1), d.copy() == d
n.foo is defined, x.foo is defined, s.foo is defined, l.foo is defined
s | trim, s | upper, s | lower, s | title, s | capitalize, 'hello wORLD-foo (bar' | title
s | length, l | count, d | length, '🙂é' | length
l | first, l | last, s | first, 'abc' | last, e | first is defined
l | join, l | join('-'), words | join(', '), 'abc' | join('.'), o | join('/', attribute='n'), [1, none, true] | join(' ')
l | sort, l | sort(reverse=true), words | sort, words | sort(case_sensitive=true), o | sort(attribute='v') | map(attribute='v') | list, o | sort(attribute='n,v') | map(attribute='v') | join
l | reverse | list, 'abc' | reverse, words | unique | list, ['a', 'A', 'b'] | unique | list, ['a', 'A'] | unique(case_sensitive=true) | list
l | sum, o | sum(attribute='v'), l | min, l | max, words | max, o | max(attribute='v'), e | max is defined, [[1], [2]] | sum(start=[])
o | map(attribute='n') | list, o | map(attribute='k.q', default='?') | list, words | map('upper') | list, l | map('string') | join('+'), ['a,b'] | map('replace', ',', ';') | list
o | selectattr('v', 'gt', 1) | list | length, o | rejectattr('n', 'equalto', 'p') | list, o | selectattr('k') | map(attribute='v') | list, o | selectattr('k', 'defined') | list | count
l | select('odd') | list, l | reject('odd') | list, l | select('in', [1, 2]) | list, [0, 1, '', 'a'] | select | list, words | reject('equalto', 'b') | join
d | tojson, d | tojson(indent=2), [] | tojson(indent=2), {} | tojson(indent=4), m[1].content | tojson, 'é\x7f\x01</script>' | tojson
[1.0, 1e20, true, none, 'a'] | tojson, {'b': 1, 'a': {'d': 1, 'c': 2}} | tojson(sort_keys=true), 'é🙂' | tojson(ensure_ascii=true), {1: 2, none: 3} | tojson
d | tojson(separators=(',', ':')), [[1, 2], {'a': []}] | tojson(indent=1), [1] | tojson(indent='--')
n | default('x'), nope | default('x'), '' | default('x', true), nope | d('y'), e | default([1], boolean=true), nope | default
t | replace('-', '_'), t | replace('-', '', 1), 5 | replace(5, 6), 'aab' | replace('a', 'b', count=1)
d | items | list, d | dictsort, {'B': 1, 'a': 3} | dictsort, {'B': 1, 'a': 3} | dictsort(true), {'b': 1, 'a': 3} | dictsort(by='value', reverse=true), nope | items | list
5 | string ~ 'a', n | string, 1.0 | string, [1, 'a'] | string, true | string | lower
'42' | int, '42.9' | int, 'x' | int, 'x' | int(5), '0x1f' | int(base=16), 3.9 | int, -3.9 | int, ' 7 ' | int, '1_000' | int, none | int, true | int
'1.5' | float, 'x' | float, 'x' | float(2.5), 3 | float, '1e3' | float
2.5 | round, 3.5 | round, 2.567 | round(2), 5 | round, 2.1 | round(0, 'ceil'), 2.9 | round(method='floor'), 1234.5 | round(-2), 0.125 | round(2)
-3 | abs, y | abs, x | abs
'a\nb\n\nc' | indent, 'a\nb' | indent(2, true), 'a\n\nb' | indent(2, blank=true), 'a\nb' | indent('> ', first=true)
'<a href="x">\'&' | e, s | safe, s | string | upper | lower | trim | length
'a b c d e f' | truncate(7), 'abcdefghijkl' | truncate(9, true), 'short' | truncate(4), 'a b c' | wordcount, 'a b/c?é' | urlencode, 'ab' | center(6) ~ '|'
'%s-%s' | format(1, 'b'), '%(a)s' | format(a=3)
[1, 2, 3, 4, 5] | batch(2) | list, [1, 2, 3] | batch(2, 0) | list
o | groupby('n') | map('first') | list, 'abc' | list, d | list, (1, 2) | list
x is defined, nope is defined, nope is undefined, n is none, n is not none, x is none
s is string, x is string, d is mapping, l is mapping, l is iterable, s is iterable, x is iterable, l is sequence, d is sequence, x is sequence
x is number, y is number, true is number, x is integer, true is integer, y is integer, y is float, x is float, true is boolean, 1 is boolean
true is true, 1 is true, false is false, 0 is false, x is odd, x is even, 9 is divisibleby 3, 9 is divisibleby(2)
x is eq 7, x is equalto(7), x is ne 8, x is lt 8, x is ge 7, x is gt(6), x is le 6, x is sameas 7, x is in [7], 'a' is in 'abc', 8 is not in l
'a' is lower, 'A' is upper, 'upper' is filter, 'nope' is filter, 'odd' is test, range is callable, x is callable, nope is callable
nope is string, nope is iterable, nope is sequence, nope is mapping, nope | length, nope | list, nope ~ 'x', nope | trim, nope | join, not nope, nope == nope2
range(4) | list, range(1, 4) | list, range(5, 0, -2) | list, range(0) | list
dict(a=1, b=2), dict({'a': 1}, b=3), dict([('x', 1)]) , dict() | length
strftime_now('%d %b %Y'), strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %p %I %y'), strftime_now('%%')
x is not string and s is string or no, x + 1 is odd, -x | abs, - (x | abs), x ** 2 | int
[1, 2] in [[1, 2]], (not x) == no, not x == no, x in [7] == true, 1 if x else 2 + 3
s[1:][0], s.strip().split(',')[-1].strip(), m[-1].content.splitlines()[0], m[2].content.split('</think>')[-1].lstrip('\n')
(l, x), (x), [x,], {'a': 1,}, ()
[l[0] ~ 'a', x | string][-1], d.a | length, ('a', 'b')[x % 2], {'a': 'b'}['a']
m | map(attribute='role') | list, m[1:] | length, m | selectattr('role', '==', 'user') | map(attribute='content') | list | last
m | last, (m | first)['role'] | upper, m | rejectattr('role', 'in', ['system']) | list | length
'a' ~ 1 ~ 2.0 ~ none ~ true ~ [1] ~ {'a': 'b'}
1_000 + 0x10 + 0b11 + 0o7, 1.5e3, 1_0.5
'abc'.upper().lower().title()[0], ('%s' % 5).zfill(3), 'x'.join(['a', 'b']).split('x')
"a" < "B", "é" > "z", "" < "a", [] < [1]
x.__class__ is defined, s.__len__ is defined
l is sameas l, none is sameas none, 1.0 is sameas 1
loop is defined, caller is defined, varargs is defined
'é'.upper(), 'ß'.upper(), 'ÀÉ'.lower(), 'ǆ'.title(), 'éa'.capitalize(), 'straße' | upper
'\u00a0x\u2003' | trim | length, '\u200bx' | trim | length, 'a\u2028b'.splitlines(), 'x\x1cy'.split()
'abcabc'.replace('bc', 'X', -1), 'a.b.c'.rsplit('.', 1)[0], 'a b'.split(' ') | last, '' is defined, ''.split('x'), ''.split()
words | map('first') | list, [[1, 2], [3]] | map('length') | list, ['1', '2'] | map('int') | sum, o | map(attribute='v') | sort | list
'a' * 0 == '', [] is defined, e is sameas e, {} | length == 0, '0' | int == 0, '' | int
""".strip().split("\n")

RAISING = r"""
{{ nope.foo }}
{{ nope['foo'] }}
{{ nope() }}
{{ 'a' + 1 }}
{{ 'a' + none }}
{{ 1 + nope }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ [1] < ['a'] }}
{{ 1 < 'a' }}
{{ l | foo }}
{{ l is foo }}
{{ l.append(4) }}
{{ d.update({}) }}
{{ d.pop('a') }}
{{ {[1]: 2} }}
{{ raise_exception('no') }}
{{ nope | tojson }}
{{ 5 | length }}
{{ 5 | list }}
{{ 1 in 5 }}
{{ 5 in 'a' }}
{{ x() }}
{{ 'a'.index('b') }}
{{ 'a'.join([1]) }}
{{ l.index(99) }}
{{ range(100001) }}
{{ range(1, 2, 0) }}
{{ '%d' % 'a' }}
{{ '%s %s' % ('a',) }}
{{ '%s' % ('a', 'b') }}
{{ 'a' | abs }}
{{ 5 | items | list }}
{{ d | map | list }}
{{ s[::0] }}
{{ 'a'.split('') }}
{{ x | round(method='up') }}
{% set x.y = 1 %}
{% set a, b = [1] %}
{% set a, b = 5 %}
{% for a, b in [[1]] %}{% endfor %}
{% for a in 5 %}{% endfor %}
{% for a in none %}{% endfor %}
{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{% endmacro %}{{ f(b=2) }}
{% macro f(a) %}{% endmacro %}{{ f(1, a=2) }}
{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}
{% if %}{% endif %}
{% if x %}
{% endif %}
{% for x %}{% endfor %}
{% for x in %}{% endfor %}
{% foo %}
{{ x
{{ }}
{% set %}
{{ 'abc }}
{# open
{{ (1 }}
{{ [1) }}
{{ 1 +}}
{{ x | }}
{{ x is }}
{{ x. }}
{{ f(a=1, 2) }}
{% break %}
{% raw %}x
{{ a b }}
{{ 1 = 2 }}
{% set 1 = 2 %}
{% macro f( %}{% endmacro %}
{{ x is odd is even }}
{{ $ }}
{% endfor %}
{{ '{:d}'.format('a') }}
""".strip().split("\n")

STATEMENTS = [
    # White space control.
    "a\n{% if true %}\nb\n{% endif %}\nc\n", "a\n  {% if true %}\n  b\n  {% endif %}\n  c", "a {% if true %} b {% endif %} c",
    "a\n  {{ 1 }}\n  b", "a\n  {{- 1 -}}\n  b", "a\n{%- if true -%}\n b \n{%- endif -%}\nc", "  {%+ if true %}x{% endif %}", "{% if true +%}\nx{% endif %}",
    "a  {# c #}\nb", "a\n  {# c #}\nb", "a {#- c -#} b", "a\n\n{# c -#}\n\nb", "x\n\n", "x\n", "\n\nx", "{{ 'a' }}\n{{ 'b' }}\n", "  {% set a = 1 %}\n{{ a }}",
    "a\r\nb\rc{% if true %}\r\nd{% endif %}", "{% raw %}{{ x }}{% if %}{% endraw %}y", "a {%- raw -%} {{ b }} {%- endraw -%} c", "  {% raw %}\n x\n  {% endraw %}\n y",
    "{{ '}}' }}{{ \"%}\" }}{{ {'a': {'b': 1}}.a.b }}", "{{-1}}{{- 2 }} {{+3}}", "{%- set a = 1 -%} {{ a }}", "a{{ '\n' }}\n{% if true %}{% endif %}\n b", "{#-#}x{#--#} y",
    "1{% for i in [1,2] %}\n{{ i }}\n{% endfor %}\n2", "1\n{%- for i in [1,2] %}\n  {{ i }},\n{%- endfor %}\n2", "{% if a %}{% elif b %}{% else %}\nz\n{% endif %}", "{ % { {x} # } %} }}",
    "\t{% if true %}x{% endif %}\t\n{% if true %} {% endif %}", "x {%- if true %}\n\n y{% endif %}", "x\n \t {%- if true -%} \n y {% endif %}",
    # Loops.
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
    "{% for i in e %}x{% else %}none{% endfor %}{% for i in l %}{% else %}none{% endfor %}", "{% for i in nope %}x{% else %}empty{% endfor %}",
    "{% for i in range(6) if i is odd %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% endfor %}", "{% for i in l if i > 9 %}x{% else %}y{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}{% for c in 'aé' %}[{{ c }}]{% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in l %}{% for j in l %}{{ loop.index }}{% if j == 1 %}{% break %}{% endif %}{% endfor %}|{{ loop.index }};{% endfor %}",
    "{% for i in l %}{{ loop.cycle('a', 'b') }}{{ loop.changed(i > 1) }} {% endfor %}", "{% for i in l %}{% set outer = loop %}{% for j in 'ab' %}{{ outer.index }}{{ j }}{% endfor %}{% endfor %}",
    "{% for i in m | reverse %}{{ i.role }}{% endfor %}", "{% for i in m[::-1] %}{{ loop.index0 }}{{ i.role }}{% endfor %}", "{% for x in [1, 2] %}{{ x }}{% endfor %}{{ x }}",
    "{% for i in (l if x else e) %}{{ i }}{% endfor %}", "{% for i in l, e %}{{ i }}{% endfor %}", "{{ loop is defined }}{% for i in [1] %}{{ loop is defined }}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
    # Scopes.
    "{% set a = 1 %}{% for i in l %}{{ a }}{% set a = a + 1 %}{{ a }} {% endfor %}{{ a }}", "{% set ns = namespace(a=1, b='x') %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}",
    "{% if true %}{% set a = 5 %}{% endif %}{{ a }}", "{% for i in [1, 2] %}{% if i == 1 %}{% set q = 5 %}{% endif %}[{{ q }}]{% endfor %}", "{% set a, b = 1, 2 %}{{ b }}{{ a }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}",
    "{% set a %}  x{{ 1 }} {% endset %}[{{ a }}]{{ a is string }}", "{% set a | trim | upper %} abc {% endset %}[{{ a }}]", "{% set a %}{% set b = 1 %}{% endset %}{{ b is defined }}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a is defined }}",
    "{% filter upper %}abc {{ t }}{% endfilter %}", "{% filter replace('a', 'b') | trim %} aa {% endfilter %}|", "{% set x = [x] %}{{ x }}", "{% set t = t ~ '!' %}{% set t = t ~ '?' %}{{ t }}",
    "{% set ns = namespace() %}{% set ns.l = [] %}{% for i in l %}{% set ns.l = ns.l + [i * 2] %}{% endfor %}{{ ns.l }}", "{% generation %}a{{ 1 }}\n{% endgeneration %}\nb{% generation %}{% set g = 1 %}{% endgeneration %}{{ g is defined }}",
    "{% set ns = namespace(found=false) %}{% for i in l %}{% if i == 1 %}{% set ns.found = true %}{% break %}{% endif %}{% endfor %}{{ ns.found }}", "{% set d2 = dict(d, z=1) %}{{ d2.z }}{{ d2 | length }}",
    # Macros.
    "{% macro f(a, b='x', c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ f(1) }}{{ f(1, 2) }}{{ f(b=3, a=4) }}{{ f() }}", "{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, 3, k=4) }}{{ f(1) }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro f() %}<{{ caller() }}>{% endmacro %}{% call f() %}in{{ x }}{% endcall %}",
    "{% macro f(l) %}{% for i in l %}{{ caller(i) }},{% endfor %}{% endmacro %}{% call(i) f([1, 2]) %}{{ i * 2 }}{% endcall %}", "{% macro f() %}{{ g }}{% endmacro %}{% set g = 1 %}{{ f() }}",
    "{% macro f() %}{{ x }}{% set x = 9 %}{{ x }}{% endmacro %}{{ f() }}{{ x }}", "{% macro f(x) -%}\n  {{ x }}\n{%- endmacro %}[{{ f('a') }}]", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f('x') | upper }}{{ f is callable }}{{ f.name }}{{ [1, 2] | map('string') | join }}",
    "{% for i in [1, 2] %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{% macro f(a, b=nope) %}{{ a }}{{ b is defined }}{% endmacro %}{{ f(*[1]) }}{{ f(**{'a': 2}) }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}", "{% set j = joiner('|') %}{{ j() }}1{{ j() }}2{{ j() }}", "{% macro f(p=true) %}{{ p }}{% endmacro %}{{ f() }}{{ f(false) }}{{ f(p=none) }}",
]

# What published templates are made of, in words of ours.
TEMPLATES = {
    "think": (CHAT, r"""
{%- set ns = namespace(is_first=true, last=-1, multi=true) -%}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if ns.multi and message.role == "user" and message.content is string and not (message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi = false %}{%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}
    {%- if message.role == 'assistant' %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last or loop.last %}
            {{- '[' + message.role + ']<think>' + reasoning.strip('\n') + '</think>' + content.lstrip('\n') }}
        {%- else %}
            {{- '[' + message.role + ']' + content }}
        {%- endif %}
    {%- elif (message.role == "user") or (message.role == "system" and loop.first) %}
        {{- '[' ~ message.role ~ ']\n' ~ content ~ eos_token ~ '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '[assistant]\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think></think>' }}{%- endif %}
{%- endif %}"""),
    "alternate": ({**CHAT, "messages": TALK[1:]}, r"""{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<turn>' + role + '
' + message['content'] | trim + '<end>
' }}{% endfor %}{% if add_generation_prompt %}{{'<turn>model
'}}{% endif %}"""),
    "alternate_refused": (CHAT, "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"),
    "tools_typescript": (WITH_TOOLS, r"""
{%- macro kind(spec, required=[], nullable=false) -%}
    {%- if spec.type == "array" -%}
        {%- if spec['items'] -%}{{- kind(spec['items'], required) }}[]{%- else -%}any[]{%- endif -%}
    {%- elif spec.type is defined and spec.type is iterable and spec.type is not string and spec.type is not mapping and spec.type[0] is defined -%}
        {{- spec.type | join(" | ") }}
    {%- elif spec.enum is defined -%}
        {%- for v in spec.enum -%}"{{ v }}"{%- if not loop.last -%} | {% endif -%}{%- endfor -%}
    {%- elif spec.type in ['integer', 'number'] -%}number
    {%- else -%}{{ spec.type }}{%- endif -%}
    {%- if spec.nullable %} | null{% endif -%}
{%- endmacro -%}
{%- macro namespace_of(name, tools) -%}
    {{- "namespace " + name + " {\n\n" }}
    {%- for tool in tools %}
        {%- set tool = tool.function %}
        {{- "// " + tool.description | replace('\n', ' ') + "\n" }}
        {{- "type " + tool.name + " = (_: {\n" }}
        {%- for n, spec in tool.parameters.properties.items() %}
            {%- if spec.description %}{{- "// " ~ spec.description ~ "\n" }}{%- endif %}
            {{- n }}{{- '' if n in (tool.parameters.required or []) else '?' }}: {{ kind(spec, tool.parameters.required or []) -}}
            {%- if spec.default is defined -%}{%- if spec.enum %}, // default: {{ spec.default }}{%- elif spec.oneOf %} // {{ spec.default }}{%- else %}, // default: {{ spec.default | tojson }}{%- endif -%}{%- endif -%}
            {{- ",\n" if not loop.last else ",\n" }}
        {%- endfor %}
        {{- "}) => any;\n\n" }}
    {%- endfor %}
    {{- "} // namespace " + name }}
{%- endmacro -%}
{{- namespace_of("functions", tools) }}"""),
    "tools_json": (WITH_TOOLS, r"""
{%- if tools is not none and tools %}
    {{- "<tools>" }}{% for tool in tools %}{{- "\n" }}{{- tool | tojson }}{% endfor %}{{- "\n</tools>\n" }}
    {{- "[" + (tools | map(attribute='function') | map(attribute='name') | join(', ')) + "]" }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{{- '<u>' + message.content }}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {%- if message.content %}{{- message.content }}{%- endif %}
        {%- for call in message.tool_calls %}
            {%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
            {{- '<call>{"name": "' ~ call.name ~ '", "arguments": ' }}
            {%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
            {{- '}</call>' }}
            {%- for k, v in (call.arguments if call.arguments is mapping else {}) | items %}{{- ' ' ~ k ~ '=' ~ (v | tojson) }}{%- endfor %}
            {%- if not loop.last %}{{- '\n' }}{%- endif %}
        {%- endfor %}
    {%- elif message.role == 'tool' %}
        {%- if loop.index0 == 0 or messages[loop.index0 - 1].role != "tool" %}{{- '<results>' }}{%- endif %}
        {{- message.content }}
        {%- if loop.last or loop.nextitem.role != "tool" %}{{- '</results>' }}{%- endif %}
    {%- endif %}
{%- endfor %}"""),
    "tool_ids": (WITH_TOOLS, r"""
{%- set user_messages = messages | selectattr("role", "equalto", "user") | list %}
{%- for message in messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[TOOLS] [" }}{% for tool in tools %}{% set tool = tool.function %}{{- '{"type": "function", "function": {' }}
            {%- for key, val in tool.items() if key != "return" %}
                {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}{%- else %}{{- '"' + key + '": ' + val | tojson }}{%- endif %}
                {%- if not loop.last %}{{- ", " }}{%- endif %}
            {%- endfor %}{{- "}}" }}{%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}{% endfor %}
        {%- endif %}
        {{- "[I]" + message["content"] + "[/I]" }}
    {%- elif message.tool_calls is defined and message.tool_calls is not none and message.tool_calls[0].id is defined %}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function | tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id | length != 9 %}{{- raise_exception("ids of 9") }}{%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
        {%- endfor %}
    {%- elif message["role"] == "assistant" or message["role"] == "tool_results" %}{{- " " ~ message["content"] | trim ~ eos_token }}
    {%- endif %}
{%- endfor %}"""),
    "parts": ({**CHAT, "messages": PARTS + TALK[:2]}, r"""
{%- set image = namespace(n=0) -%}
{%- for message in messages -%}
    {{- '<' ~ message['role'] ~ '>' -}}
    {%- if message['content'] is string -%}{{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' or 'image_url' in item -%}{% set image.n = image.n + 1 %}Picture {{ image.n }}: <img>
            {%- elif item.type == 'text' -%}{{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}{{ raise_exception("Invalid content") }}
    {%- endif -%}
    {{ '\n' }}
{%- endfor -%}"""),
    "dated": (CHAT, r"""
{%- set defaultSystem %}
You are a model.
Today: {{ strftime_now("%d %B %Y") }}.
{% endset %}
{%- set today = strftime_now("%Y-%m-%d").split("-") -%}
{%- if messages[0].role == "system" %}{%- set system_message = messages[0].content %}{%- set loop_messages = messages[1:] %}
{%- else %}{%- set system_message = defaultSystem %}{%- set loop_messages = messages %}{%- endif %}
{%- if not date_string is defined %}{%- set date_string = today | reverse | join('.') %}{%- endif -%}
{{- bos_token }}{{ defaultSystem | trim }} {{ date_string }} {{ system_message.replace("<b>", "").replace("</b>", "").strip() -}}
{%- if "/no_think" in system_message %}{%- set mode = "/no_think" %}{%- elif reasoning_mode is defined %}{%- set mode = reasoning_mode %}{%- else %}{%- set mode = "/think" %}{%- endif %}
{{ mode }}
{%- for message in loop_messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "assistant" -%}{% generation %}{{ "<a>" + content.lstrip("\n") + eos_token }}{% endgeneration %}{%- else -%}{{ "<u>" + content + "\n" }}{%- endif -%}
{%- endfor -%}
{{ "<a>" if add_generation_prompt else "" }}"""),
    "grouped": (CHAT, r"""
{%- set ns = namespace(system='', turns=[], role='') %}
{%- for m in messages %}{% if m.role == 'system' %}{% set ns.system = ns.system ~ (m.content | trim) %}{% else %}{% set ns.turns = ns.turns + [m] %}{% endif %}{% endfor %}
{%- for m in ns.turns %}
    {%- if m['role'] not in ['user', 'assistant'] %}{{ raise_exception('Unknown role: ' ~ m['role']) }}{% endif %}
    {%- if loop.first and ns.system %}{{ '<<' + ns.system + '>>\n' }}{% endif %}
    {{- {'user': 'Human', 'assistant': 'AI'}[m.role] | upper ~ ': ' ~ (m.content | replace('\n', '\\n')) ~ ('' if loop.last else ' ' * 2) }}
{%- endfor %}
{%- if add_generation_prompt and (messages[-1].role if messages) != 'assistant' %}{{ '\nAI:' }}{% endif %}"""),
    "numbered": ({**CHAT, "documents": [{"title": "A", "text": "x\ny"}, {"title": "B", "text": 5}]}, r"""
{%- if documents %}
## {{ documents | length }} documents
{% for document in documents %}
Document: {{ loop.index0 }}
    {% for key, value in document | dictsort %}
    {{ key | title }}: {{ value | string | indent(4) }}
    {%- if not loop.last %}{{ ';' }}{% endif +%}
    {% endfor %}
{%- endfor %}
{%- endif %}
{{- messages | map(attribute='role') | unique | join('/') }}"""),
    "xml_arguments": (WITH_TOOLS, r"""
{%- macro visible(content) -%}{%- if content is string -%}{{- content }}{%- elif content is none -%}{%- else -%}{{- content | tojson(ensure_ascii=False) }}{%- endif -%}{%- endmacro -%}
{%- macro keys(value, handled) -%}{%- if value is mapping %}{% for k in value %}{% if k not in handled %}{{ '\n<' ~ k ~ '>' ~ (value[k] | tojson if value[k] is mapping or value[k] is iterable and value[k] is not string else value[k] | string) ~ '</' ~ k ~ '>' }}{% endif %}{% endfor %}{% endif %}{%- endmacro -%}
{% for tool in tools -%}
<function><name>{{ tool.function.name }}</name>
{%- for name, fields in tool.function.parameters.properties | items %}
<parameter>{{ name }}{{ keys(fields, ['type', 'description']) }}</parameter>
{%- endfor %}
</function>
{% endfor %}
{%- for m in messages -%}
{%- if m.role == 'assistant' and m.tool_calls -%}
{{ visible(m.content).split('</think>')[-1].strip() }}
{%- for tc in m.tool_calls %}{% set tc = tc.function if tc.function else tc %}<call>{{ tc.name }}{% if tc.arguments is mapping %}{% for k, v in tc.arguments.items() %}<k>{{ k }}</k><v>{{ v | tojson if v is not string else v }}</v>{% endfor %}{% endif %}</call>{% endfor %}
{%- elif m.role == 'tool' -%}
{%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|obs|>' }}{% endif %}{{ '\n' ~ visible(m.content) }}
{%- else -%}<{{ m.role }}>{{ visible(m.content) }}{{- '/nothink' if (enable_thinking is defined and not enable_thinking) else '' -}}{%- endif -%}
{%- endfor -%}"""),
    "sorted_attributes": ({"items_": [{"id": 3, "name": "c"}, {"id": 1, "name": "A"}, {"id": 2, "name": "b"}]}, r"""
{%- for item in items_ | sort(attribute='id') %}{{ loop.index ~ '. ' ~ item.name ~ ('\n' if not loop.last) }}{% endfor %}
{{ items_ | sort(attribute='name') | map(attribute='id') | list }} {{ items_ | selectattr('id', 'in', [1, 3]) | map(attribute='name') | map('lower') | sort | join }}"""),
}


def main():
    environment = make_environment()
    cases = []
    for expression in EXPRESSIONS:
        # Several results in one line are a tuple; each is shown alone.
        template = "{% for each in [" + expression + "] %}{{ each }}¦{% endfor %}"
        cases.append((template, VARIABLES))
    cases += [(template, VARIABLES) for template in RAISING + STATEMENTS]
    cases += [(template, variables) for variables, template in TEMPLATES.values()]
    golden, shared = [], [VARIABLES, *(v for v, _ in TEMPLATES.values())]
    variables_of = {id(v): i for i, v in enumerate(shared)}
    for template, variables in cases:
        golden.append({"template": template, "variables": variables_of[id(variables)], "text": render(environment, template, variables)})
    for case in golden:
        raises = case["template"] in RAISING or case["template"] == TEMPLATES["alternate_refused"][1]
        assert (case["text"] is None) == raises, case["template"]
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text(json.dumps({"variables": shared, "cases": golden}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{len(golden)} cases")


if __name__ == "__main__":
    main()
