/* The language: literals, operators, access, variables, predicates; and how it refuses. */
#include "data/expr_vars.h"
#include "tests/unit/data/evaluating.h"

static void
fill(struct expr_vars *v)
{
    expr_vars_init(v, NULL);
    expr_vars_set_cstr(v, "workflow.name", "add-x2k9d");
    expr_vars_set_cstr(v, "workflow.status", "Succeeded");
    expr_vars_set_cstr(v, "workflow.parameters", "[{\"name\":\"a\"}]");
    expr_vars_set_cstr(v, "workflow.parameters.a", "1");
    expr_vars_set_cstr(v, "inputs.parameters.my-param", "hello");
    expr_vars_set_cstr(v, "inputs.parameters.n", "42");
    expr_vars_set_cstr(v, "steps.a-b.outputs.result", "[1, 2, 3]");
    expr_vars_set_cstr(v, "item.name", "x");
    expr_vars_set_cstr(v, "retries", "2");
}

static int
evaluate(const char *text, struct buf *to, struct err *e)
{
    struct expr_vars vars __attribute__((cleanup(expr_vars_done))) = {.parent = NULL};
    cleanup_expr struct expr_program *p = NULL;
    struct expr_env env;

    fill(&vars);
    env = expr_vars_env(&vars);
    if (expr_compile(str_of(text), &p, e) < 0)
        return e->code;
    return expr_eval_text(p, &env, to, e);
}

TEST(literals_of_every_kind_are_read)
{
    CHECK_ALL(
        {"42", "42"}, {"0x2A", "42"}, {"0o52", "42"}, {"0b101010", "42"}, {"1_000", "1000"},
        {"0.5", "0.5"}, {".5", "0.5"}, {"1e3", "1000"}, {"1.5e-7", "1.5e-7"}, {"1e21", "1e+21"},
        {"1e20", "100000000000000000000"}, {"0.1 + 0.2", "0.30000000000000004"}, {"'it'", "it"},
        {"\"a\\tb\\u00e9\\x41\"", "a\tb\xc3\xa9"
                                  "A"},
        {"`raw\\n`", "raw\\n"}, {"`a``b`", "a`b"}, {"[1, 'a', nil, true,]", "[1,\"a\",null,true]"},
        {"{b: 1, 'a': [2], (\"c\" + \"d\"): 3}", "{\"a\":[2],\"b\":1,\"cd\":3}"},
        {"1 /* one */ + 2 // three", "3"}, {"9007199254740993", "9007199254740993"});
}

TEST(numbers_keep_being_integers_or_floats)
{
    CHECK_ALL({"7 / 2", "3.5"}, {"4 / 2", "2"}, {"7 % 3", "1"}, {"-7 % 3", "-1"}, {"2 ** 3", "8"},
              {"2 ^ 3 ^ 2", "512"}, {"-2 ** 2", "-4"}, {"1 + 2 * 3", "7"}, {"(1 + 2) * 3", "9"},
              {"type(1)", "int"}, {"type(1.0)", "float"}, {"type(1 + 1.0)", "float"},
              {"type(4 / 2)", "float"}, {"1 == 1.0", "true"},
              {"9223372036854775807 + 1", "-9223372036854775808"}, {"type(fromJSON('1'))", "float"},
              {"+5 - -5", "10"});
}

TEST(comparison_and_logic)
{
    CHECK_ALL({"1 < 2 && 'a' < 'b'", "true"}, {"1 < 2 < 3", "true"}, {"3 > 2 >= 2 > 2", "false"},
              {"'1' == 1", "false"}, {"nil == nil", "true"}, {"[1, 2] == [1.0, 2]", "true"},
              {"{a: 1, b: 2} == {b: 2, a: 1}", "true"}, {"not true or !false and true", "true"},
              {"false && 1 / 'x' == 1", "false"}, {"2 in [1, 2]", "true"},
              {"3 not in [1, 2]", "true"}, {"'a' in {a: 1}", "true"}, {"1 in nil", "false"},
              {"'foobar' matches '^foo.*r$'", "true"}, {"not ('a' matches 'b')", "true"},
              {"'a' not matches 'b'", "true"}, {"'foobar' contains 'oba'", "true"},
              {"'foobar' startsWith 'foo'", "true"}, {"'foobar' endsWith 'bar'", "true"},
              {"'x' not contains 'y'", "true"}, {"nil contains 'a'", "false"});
}

TEST(conditionals_pipes_and_variables)
{
    CHECK_ALL({"1 < 2 ? 'y' : 'n'", "y"}, {"false ? 1 : true ? 2 : 3", "2"}, {"true ?: 2", "true"},
              {"nil ?? 'd'", "d"}, {"'' ?? 'd'", ""},
              {"if 1 > 2 { 'a' } else if true { 'b' } else { 'c' }", "b"},
              {"let x = 42; let y = 2; x * y", "84"}, {"let x = 1; let x = x + 1; x", "2"},
              {"1; 2; 3", "3"}, {"'a,B' | lower() | split(',')", "[\"a\",\"b\"]"},
              {"'A B' | split(' ') | map(lower(#)) | join('-')", "a-b"},
              {"let n = 'A-B' | lower() | split('-'); n[0] + n[1]", "ab"}, {"1..3", "[1,2,3]"},
              {"3..1", "[]"}, {"-1..1", "[-1,0,1]"}, {"' x ' | sprig.trim()", "x"});
}

TEST(members_slices_and_optional_chains)
{
    CHECK_ALL({"[1, 2, 3][0]", "1"}, {"[1, 2, 3][-1]", "3"}, {"{a: {b: 1}}.a.b", "1"},
              {"{a: 1}['a']", "1"}, {"{a: 1}.b ?? 'none'", "none"}, {"{a: nil}.a?.b.c ?? 0", "0"},
              {"{a: nil}?.a?.[0] ?? 9", "9"}, {"[1, 2, 3, 4, 5][1:4]", "[2,3,4]"},
              {"[1, 2, 3, 4, 5][1:-1]", "[2,3,4]"}, {"[1, 2, 3][:2]", "[1,2]"},
              {"[1, 2, 3][1:]", "[2,3]"}, {"[1, 2][:]", "[1,2]"}, {"[1, 2][5:9]", "[]"},
              {"'hello'[1:3]", "el"}, {"{'not': 1}.not", "1"}, {"'abc'[0]", "97"});
}

TEST(predicates_see_item_index_and_accumulator)
{
    CHECK_ALL({"filter(0..9, {# % 2 == 0})", "[0,2,4,6,8]"},
              {"filter([{n: 1}, {n: 5}], .n > 2)", "[{\"n\":5}]"},
              {"map([{n: 1}, {n: 5}], {.n * #.n})", "[1,25]"},
              {"map([1, 2], {map([10, 20], # + 1)})", "[[11,21],[11,21]]"},
              {"reduce(1..9, #acc + #)", "45"}, {"reduce(1..3, #acc + #, 10)", "16"},
              {"reduce(['a', 'b'], #acc + string(#index), '')", "01"}, {"all([], # > 1)", "true"},
              {"map([3, 4], #index)", "[0,1]"}, {"map(1..2, {let y = #; y + 1})", "[2,3]"});
}

TEST(names_of_the_environment_are_nested_maps)
{
    CHECK_ALL({"workflow.name", "add-x2k9d"}, {"inputs.parameters['my-param']", "hello"},
              {"inputs['parameters'].n", "42"}, {"steps['a-b'].outputs.result", "[1, 2, 3]"},
              {"asInt(inputs.parameters.n) + 1", "43"},
              {"toJson(inputs.parameters)", "{\"my-param\":\"hello\",\"n\":\"42\"}"},
              {"keys(steps)", "[\"a-b\"]"}, {"'n' in inputs.parameters", "true"},
              {"'m' in inputs.parameters", "false"}, {"$env.workflow.name", "add-x2k9d"},
              {"'workflow' in $env", "true"}, {"inputs.parameters.m ?? 'd'", "d"},
              {"inputs.parameters.m?.x ?? 'd'", "d"}, {"let k = 'n'; inputs.parameters[k]", "42"},
              {"toJson(workflow.parameters)", "{\"a\":\"1\"}"}, {"len(inputs.parameters)", "2"},
              {"sprig.dig('status', nil, workflow)", "Succeeded"},
              {"let workflow = 1; workflow", "1"},
              {"map(fromJSON(steps['a-b'].outputs.result), # * 2)", "[2,4,6]"}, {"item.name", "x"});
}

TEST(errors_say_what_and_where)
{
    CHECK_ERRORS(
        {"", "unexpected end of expression (1:1)"}, {"1 +", "unexpected end of expression (1:4)"},
        {"(1", "unexpected end"}, {"1 2", "unexpected token '2' (1:3)"},
        {"a b", "unexpected token 'b'"}, {"'abc", "literal not terminated (1:1)"},
        {"'a\\q'", "unable to unescape string"}, {"1x", "bad number syntax"},
        {"/* x", "unclosed comment"}, {"\n  &", "unrecognized character: '&' (2:3)"},
        {"foo(1)", "unknown function foo (1:1)"},
        {"sprig.foo(1)", "unknown function sprig.foo (1:1)"},
        {"sprig.env('HOME')", "unknown function sprig.env"},
        {"sprig.genCA('a', 1)", "sprig.genCA is not supported"}, {"foo", "unknown name foo"},
        {"foo.bar", "unknown name foo"}, {"# > 1", "cannot use pointer accessor outside predicate"},
        {"split('a')", "not enough arguments to call split (got 1)"},
        {"upper('a', 'b')", "expected 1, got 2"},
        {"upper(1)", "invalid argument 1 for upper: expected string, got int"},
        {"1 < 'a'", "mismatched types int and string"},
        {"'a' + 1", "invalid operation: + (mismatched types string and int)"},
        {"1 % 0", "integer divide by zero"}, {"1 && true", "expected bool"},
        {"[1][3]", "index out of range: 3"}, {"nil.a", "cannot fetch a from <nil>"},
        {"inputs.parameters.m.x", "cannot fetch x from <nil>"},
        {"'a' matches '('", "missing closing parenthesis"},
        {"filter([1], 1)", "predicate should return boolean"},
        {"int('x')", "invalid operation: int(x)"}, {"a ?? b == c", "cannot be mixed"},
        {"{1 + 1: 2}", "unexpected token"}, {"99999999999999999999", "invalid integer literal"},
        {"now().Foo()", "has no method Foo"}, {"date('x')", "invalid date x"},
        {"1 in 2", "mismatched types int and int"});
}

TEST(hostile_text_meets_named_limits)
{
    cleanup_buf struct buf deep = BUF_INIT, got = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_ERRORS(
        {"1..100000000", "more than 1000000 items"}, {"map(1..1000000, # + 1)", "step budget"},
        {"repeat(repeat('x', 100000), 100000)", "memory budget"},
        {"reduce(1..60, [#acc, #acc], 1)", "memory budget"},
        {"reduce(1..300, [#acc], 1)", "nested more than"}, {"len(uniq(1..100000))", "step budget"},
        {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' matches '(a+)+(a+)+(a+)+(a+)+$'", "steps to match"},
        {"reduce(1..40, #acc + #acc, 'x')", "memory budget"});
    buf_fill(&deep, '(', 50000);
    CHECK_INT(expr_compile(buf_view(&deep), &(struct expr_program *){NULL}, &e), ERR_TOOLARGE);
    CHECK_CONTAINS(e.msg, "nested more than");
    buf_clear(&deep);
    buf_fill(&deep, '-', 50000);
    CHECK_INT(expr_compile(buf_view(&deep), &(struct expr_program *){NULL}, &e), ERR_TOOLARGE);
    buf_clear(&deep);
    for (int i = 0; i < 5000; i++)
        buf_cstr(&deep, "1+");
    CHECK_INT(expr_compile(buf_view(&deep), &(struct expr_program *){NULL}, &e), ERR_TOOLARGE);
    buf_fill(&deep, ' ', EXPR_MAX_TEXT);
    CHECK_INT(expr_compile(buf_view(&deep), &(struct expr_program *){NULL}, &e), ERR_TOOLARGE);
    CHECK_CONTAINS(e.msg, "longer than");
}

TEST(a_program_knows_its_names)
{
    cleanup_expr struct expr_program *p = NULL;
    const struct str *names;
    struct err e = ERR_INIT;

    CHECK_INT(expr_compile(STR("let z = item['a-b']; z + workflow.name + steps[z].x + "
                               "workflow.name + lastRetry.message"),
                           &p, &e),
              0);
    CHECK_INT(expr_names(p, &names), 4);
    CHECK_VIEW(names[0], "item.a-b");
    CHECK_VIEW(names[1], "workflow.name");
    CHECK_VIEW(names[2], "steps");
    CHECK_TRUE(expr_mentions(p, STR("item")));
    CHECK_TRUE(expr_mentions(p, STR("lastRetry")));
    CHECK_FALSE(expr_mentions(p, STR("work")));
}

TEST(layers_of_variables_hide_each_other)
{
    struct expr_vars below __attribute__((cleanup(expr_vars_done))) = {.parent = NULL};
    struct expr_vars above __attribute__((cleanup(expr_vars_done))) = {.parent = NULL};
    cleanup_expr struct expr_program *p = NULL;
    cleanup_buf struct buf got = BUF_INIT;
    struct expr_env env;
    struct err e = ERR_INIT;

    fill(&below);
    expr_vars_init(&above, &below);
    expr_vars_set_cstr(&above, "inputs.parameters.n", "7");
    expr_vars_set_cstr(&above, "inputs.parameters.new", "8");
    env = expr_vars_env(&above);
    CHECK_INT(expr_compile(STR("toJson(inputs.parameters) + workflow.name"), &p, &e), 0);
    CHECK_INT(expr_eval_text(p, &env, &got, &e), 0);
    CHECK_STR(buf_cstring(&got), "{\"my-param\":\"hello\",\"n\":\"7\",\"new\":\"8\"}add-x2k9d");
}

TEST(a_condition_must_be_boolean)
{
    cleanup_expr struct expr_program *p = NULL, *q = NULL;
    struct err e = ERR_INIT;
    bool b = false;

    CHECK_INT(expr_compile(STR("1 < 2"), &p, &e), 0);
    CHECK_INT(expr_eval_bool(p, NULL, &b, &e), 0);
    CHECK_TRUE(b);
    CHECK_INT(expr_compile(STR("1 + 2"), &q, &e), 0);
    CHECK_INT(expr_eval_bool(q, NULL, &b, &e), ERR_INVALID);
    CHECK_STR(e.msg, "expected a boolean, got int");
}

TESTS_MAIN(T_(literals_of_every_kind_are_read), T_(numbers_keep_being_integers_or_floats),
           T_(comparison_and_logic), T_(conditionals_pipes_and_variables),
           T_(members_slices_and_optional_chains), T_(predicates_see_item_index_and_accumulator),
           T_(names_of_the_environment_are_nested_maps), T_(errors_say_what_and_where),
           T_(hostile_text_meets_named_limits), T_(a_program_knows_its_names),
           T_(layers_of_variables_hide_each_other), T_(a_condition_must_be_boolean))
