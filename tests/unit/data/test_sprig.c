/* Sprig's functions, each at least once, with the results its documentation and sources promise. */
#include "tests/unit/data/evaluating.h"

static int
evaluate(const char *text, struct buf *to, struct err *e)
{
    return evaluating_plain(text, to, e);
}

TEST(strings)
{
    CHECK_ALL(
        {"sprig.trim('   hello    ')", "hello"}, {"sprig.trimAll('$', '$5.00')", "5.00"},
        {"sprig.trimSuffix('-', 'hello-')", "hello"}, {"sprig.trimPrefix('-', '-hello')", "hello"},
        {"sprig.upper('hello')", "HELLO"}, {"sprig.lower('HELLO')", "hello"},
        {"sprig.repeat(3, 'hello')", "hellohellohello"},
        {"sprig.substr(0, 5, 'hello world')", "hello"},
        {"sprig.substr(-1, 5, 'hello world')", "hello"},
        {"sprig.substr(6, -1, 'hello world')", "world"}, {"sprig.trunc(5, 'hello world')", "hello"},
        {"sprig.trunc(-5, 'hello world')", "world"}, {"sprig.contains('cat', 'catch')", "true"},
        {"sprig.hasPrefix('cat', 'catch')", "true"}, {"sprig.hasSuffix('cat', 'catch')", "false"},
        {"sprig.quote('a\"b', 1, nil)", "\"a\\\"b\" \"1\""}, {"sprig.squote('a', 2)", "'a' '2'"},
        {"sprig.cat('hello', 'beautiful', nil, 1)", "hello beautiful 1"},
        {"sprig.indent(2, 'a\\nb')", "  a\n  b"}, {"sprig.nindent(2, 'a')", "\n  a"},
        {"sprig.replace(' ', '-', 'I Am Henry')", "I-Am-Henry"},
        {"sprig.plural('one', 'many', 2)", "many"}, {"sprig.toString(1.5)", "1.5"},
        {"sprig.splitList('$', 'a$b')", "[\"a\",\"b\"]"}, {"sprig.split('$', 'a$b')._1", "b"},
        {"sprig.splitn('$', 2, 'a$b$c')._1", "b$c"}, {"sprig.hello()", "Hello!"});
}

TEST(words_and_their_case)
{
    CHECK_ALL({"sprig.title('hello world')", "Hello World"},
              {"sprig.untitle('Hello World')", "hello world"},
              {"sprig.swapcase('This Is A.Test')", "tHIS iS a.tEST"},
              {"sprig.nospace('hello w o r l d')", "helloworld"},
              {"sprig.initials('First Try')", "FT"}, {"sprig.snakecase('FirstName')", "first_name"},
              {"sprig.snakecase('HTTPServer')", "http_server"},
              {"sprig.kebabcase('FirstName')", "first-name"},
              {"sprig.camelcase('http_server')", "HttpServer"},
              {"sprig.abbrev(5, 'hello world')", "he..."},
              {"sprig.abbrevboth(5, 10, '1234 5678 9123')", "...5678..."},
              {"sprig.wrap(5, 'hello world')", "hello\nworld"},
              {"sprig.wrapWith(5, '\\t', 'Hello World')", "Hello\tWorld"});
}

TEST(lists)
{
    CHECK_ALL(
        {"sprig.list(1, 'a')", "[1,\"a\"]"}, {"sprig.append([1], 2)", "[1,2]"},
        {"sprig.prepend([1], 0)", "[0,1]"}, {"sprig.first([1, 2])", "1"},
        {"sprig.rest([1, 2, 3])", "[2,3]"}, {"sprig.last([1, 2])", "2"},
        {"sprig.initial([1, 2, 3])", "[1,2]"}, {"sprig.reverse([1, 2])", "[2,1]"},
        {"sprig.uniq([1, 1, 2])", "[1,2]"}, {"sprig.without([1, 2, 3], 1, 3)", "[2]"},
        {"sprig.has(4, [1, 4])", "true"}, {"sprig.slice([1, 2, 3], 1)", "[2,3]"},
        {"sprig.slice([1, 2, 3], 0, 2)", "[1,2]"}, {"sprig.chunk(2, [1, 2, 3])", "[[1,2],[3]]"},
        {"sprig.compact([0, 1, '', 'a', nil])", "[1,\"a\"]"}, {"sprig.concat([1], [2])", "[1,2]"},
        {"sprig.toStrings([1, 2.5])", "[\"1\",\"2.5\"]"}, {"sprig.join('-', [1, 'b'])", "1-b"},
        {"sprig.join('-', 'x')", "x"}, {"sprig.sortAlpha(['b', 'a'])", "[\"a\",\"b\"]"});
}

TEST(dictionaries)
{
    CHECK_ALL({"sprig.dict('a', 1, 'b')", "{\"a\":1,\"b\":\"\"}"}, {"sprig.get({a: 1}, 'a')", "1"},
              {"sprig.get({a: 1}, 'b')", ""}, {"sprig.set({a: 1}, 'a', 2)", "{\"a\":2}"},
              {"sprig.unset({a: 1, b: 2}, 'a')", "{\"b\":2}"},
              {"sprig.hasKey({a: 1}, 'a')", "true"},
              {"sprig.pluck('a', {a: 1}, {b: 2}, {a: 3})", "[1,3]"},
              {"sprig.keys({a: 1}, {b: 2})", "[\"a\",\"b\"]"},
              {"sprig.pick({a: 1, b: 2}, 'b')", "{\"b\":2}"},
              {"sprig.omit({a: 1, b: 2}, 'b')", "{\"a\":1}"}, {"sprig.values({a: 1})", "[1]"},
              {"sprig.merge({a: 1, c: {x: 1}}, {a: 2, b: 3, c: {x: 2, y: 2}})",
               "{\"a\":1,\"b\":3,\"c\":{\"x\":1,\"y\":2}}"},
              {"sprig.mergeOverwrite({a: 1}, {a: 2})", "{\"a\":2}"},
              {"sprig.dig('a', 'b', 'd', {a: {b: 1}})", "1"},
              {"sprig.dig('a', 'x', 'd', {a: {b: 1}})", "d"});
}

TEST(arithmetic)
{
    CHECK_ALL({"sprig.int('12')", "12"}, {"sprig.int('x')", "0"}, {"sprig.int(3.9)", "3"},
              {"sprig.int64('0x10')", "16"}, {"sprig.float64('1.5')", "1.5"},
              {"sprig.atoi('7')", "7"}, {"sprig.toDecimal('777')", "511"},
              {"sprig.add(1, '2', 3)", "6"}, {"sprig.add1(1)", "2"}, {"sprig.sub(5, 2)", "3"},
              {"sprig.mul(1, 2, 3)", "6"}, {"sprig.div(7, 2)", "3"}, {"sprig.mod(7, 2)", "1"},
              {"sprig.max(1, 3, 2)", "3"}, {"sprig.min(1, 3, 2)", "1"},
              {"sprig.addf(0.1, 0.2)", "0.3"}, {"sprig.add1f(1.5)", "2.5"},
              {"sprig.subf(7.5, 2, 3)", "2.5"}, {"sprig.mulf(1.5, 2, 2)", "6"},
              {"sprig.divf(10, 2, 4)", "1.25"}, {"sprig.maxf(1, 2.5)", "2.5"},
              {"sprig.minf(1.5, 2)", "1.5"}, {"sprig.ceil('3.1')", "4"}, {"sprig.floor(3.9)", "3"},
              {"sprig.round(123.555555, 3)", "123.556"}, {"sprig.until(3)", "[0,1,2]"},
              {"sprig.untilStep(3, 6, 2)", "[3,5]"}, {"sprig.seq(5)", "1 2 3 4 5"},
              {"sprig.seq(0, 2)", "0 1 2"}, {"sprig.seq(0, 2, 10)", "0 2 4 6 8 10"},
              {"sprig.seq(0, -5)", "0 -1 -2 -3 -4 -5"}, {"sprig.seq(-3)", "1 0 -1 -2 -3"},
              {"sprig.biggest(2, 1)", "2"});
}

TEST(dates)
{
    CHECK_ALL({"sprig.date('2006-01-02', sprig.now())", "2026-01-01"},
              {"sprig.date('15:04', 60)", "00:01"},
              {"sprig.dateInZone('15:04 MST', 0, 'Asia/Tokyo')", "09:00 JST"},
              {"sprig.htmlDate(0)", "1970-01-01"}, {"sprig.htmlDateInZone(0, 'UTC')", "1970-01-01"},
              {"sprig.unixEpoch(sprig.now())", "1767225600"},
              {"sprig.dateModify('-1h', sprig.now()).Unix()", "1767222000"},
              {"sprig.duration(95)", "1m35s"}, {"sprig.durationRound('2h10m5s')", "2h"},
              {"sprig.ago(1767225595)", "5s"},
              {"sprig.toDate('2006-01-02', '2017-12-31').Unix()", "1514678400"});
}

TEST(empty_values_types_and_json)
{
    CHECK_ALL({"sprig.default('d', '')", "d"}, {"sprig.default('d', 'v')", "v"},
              {"sprig.empty(0)", "true"}, {"sprig.coalesce(0, '', 'x', 'y')", "x"},
              {"sprig.all(1, '')", "false"}, {"sprig.any(0, 'a')", "true"},
              {"sprig.ternary('a', 'b', true)", "a"}, {"sprig.fromJson('{\"a\": 1}').a", "1"},
              {"sprig.toJson({a: '<'})", "{\"a\":\"\\u003c\"}"}, {"sprig.toRawJson('<')", "\"<\""},
              {"sprig.toPrettyJson([1])", "[\n  1\n]"}, {"sprig.deepCopy([1])", "[1]"},
              {"sprig.typeOf(1.5)", "float64"}, {"sprig.kindOf([])", "slice"},
              {"sprig.kindIs('int', 1)", "true"}, {"sprig.typeIs('string', 'a')", "true"},
              {"sprig.deepEqual([1], [1])", "true"}, {"sprig.fromJson('x') ?? 'none'", "none"});
}

TEST(encodings_and_digests)
{
    CHECK_ALL({"sprig.b64enc('hello')", "aGVsbG8="}, {"sprig.b64dec('aGVsbG8=')", "hello"},
              {"sprig.b32enc('hello')", "NBSWY3DP"}, {"sprig.b32enc('hi')", "NBUQ===="},
              {"sprig.b32dec('NBUQ====')", "hi"},
              {"sprig.sha1sum('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"},
              {"sprig.sha256sum('abc')",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
              {"sprig.adler32sum('Wikipedia')", "300286872"});
}

TEST(random_values_have_the_right_shape)
{
    CHECK_ALL({"len(sprig.randAlphaNum(20))", "20"},
              {"sprig.randNumeric(9) matches '^[0-9]{9}$'", "true"},
              {"sprig.randAlpha(9) matches '^[A-Za-z]{9}$'", "true"},
              {"len(sprig.randAscii(9))", "9"},
              {"len(sprig.b64dec(sprig.randBytes(6))) <= 6", "true"}, {"sprig.randInt(5, 6)", "5"},
              {"sprig.uuidv4() matches "
               "'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'",
               "true"},
              {"len(sprig.shuffle('hello'))", "5"});
}

TEST(regular_expressions)
{
    CHECK_ALL({"sprig.regexMatch('^[a-z]+$', 'abc')", "true"},
              {"sprig.regexFind('[a-z][1-9]', 'abcd1234')", "d1"},
              {"sprig.regexFindAll('[2,4,6,8]', '123456789', -1)", "[\"2\",\"4\",\"6\",\"8\"]"},
              {"sprig.regexFindAll('a', 'aaa', 2)", "[\"a\",\"a\"]"},
              {"sprig.regexReplaceAll('a(x*)b', '-ab-axxb-', '${1}W')", "-W-xxW-"},
              {"sprig.regexReplaceAllLiteral('a(x*)b', '-ab-axxb-', '${1}')", "-${1}-${1}-"},
              {"sprig.regexSplit('z+', 'pizza', -1)", "[\"pi\",\"a\"]"},
              {"sprig.regexSplit('z', 'pizza', 2)", "[\"pi\",\"za\"]"},
              {"sprig.regexQuoteMeta('1.2')", "1\\.2"});
}

TEST(paths_urls_and_versions)
{
    CHECK_ALL(
        {"sprig.base('foo/bar/baz')", "baz"}, {"sprig.dir('foo/bar/baz')", "foo/bar"},
        {"sprig.clean('foo/bar/../baz')", "foo/baz"}, {"sprig.ext('foo.bar')", ".bar"},
        {"sprig.isAbs('/a')", "true"}, {"sprig.base('/')", "/"}, {"sprig.dir('a')", "."},
        {"sprig.clean('/../a//b/.')", "/a/b"},
        {"sprig.urlParse('http://admin:secret@server.com:8080/api?list=false#anchor').hostname",
         "server.com"},
        {"sprig.urlParse('http://admin:secret@server.com:8080/api?list=false#anchor').userinfo",
         "admin:secret"},
        {"sprig.urlJoin(sprig.urlParse('http://a:b@h:1/p?q#f'))", "http://a:b@h:1/p?q#f"},
        {"sprig.semver('1.2.3-alpha.1+123').Prerelease", "alpha.1"},
        {"sprig.semver('v1.2').Minor", "2"}, {"sprig.semverCompare('^1.2.0', '1.2.3')", "true"},
        {"sprig.semverCompare('>=1.2.0 <2.0.0', '2.0.0')", "false"},
        {"sprig.semverCompare('~1.2', '1.3.0')", "false"},
        {"sprig.semverCompare('1.2.x || 3', '3.9.9')", "true"},
        {"sprig.semverCompare('1.2 - 1.4', '1.4.5')", "true"},
        {"sprig.semverCompare('>1.0.0', '2.0.0-beta')", "false"},
        {"sprig.semverCompare('>1.0.0-0', '2.0.0-beta')", "true"},
        {"sprig.semverCompare('!=1.0.0', '1.0.0')", "false"},
        {"sprig.semverCompare('*', '1.0.0')", "true"},
        {"sprig.semverCompare('^0.2.3', '0.3.0')", "false"});
}

TEST(failures_are_told)
{
    CHECK_ERRORS({"sprig.fail('no way')", "no way"}, {"sprig.div(1, 0)", "integer divide by zero"},
                 {"sprig.substr(3, 99999999, 'ab')", "out of range"},
                 {"sprig.mustFromJson('x')", "mustFromJson: line 1"},
                 {"sprig.regexMatch('(', 'a')", "missing closing parenthesis"},
                 {"sprig.semver('x.y')", "invalid semantic version"},
                 {"sprig.until(100000000)", "more than 1000000 items"},
                 {"sprig.randAlpha(100000000)", "not possible"},
                 {"sprig.indent(999999999, 'a')", "not possible"},
                 {"sprig.bcrypt('x')", "sprig.bcrypt is not supported"},
                 {"sprig.getHostByName('x')", "not supported"},
                 {"sprig.expandenv('$HOME')", "unknown function sprig.expandenv"});
}

TESTS_MAIN(T_(strings), T_(words_and_their_case), T_(lists), T_(dictionaries), T_(arithmetic),
           T_(dates), T_(empty_values_types_and_json), T_(encodings_and_digests),
           T_(random_values_have_the_right_shape), T_(regular_expressions),
           T_(paths_urls_and_versions), T_(failures_are_told))
