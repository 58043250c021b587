/* Tags in texts and trees: what is replaced, what waits, what is refused. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/expr_vars.h"
#include "data/json.h"
#include "data/tag.h"

struct fixture {
    struct expr_vars vars;
    struct expr_env env;
    struct tag_options o;
    struct buf got;
    struct err e;
};

static void
fixture_init(struct fixture *f)
{
    *f = (struct fixture){.e = ERR_INIT};
    expr_vars_init(&f->vars, NULL);
    f->env = expr_vars_env(&f->vars);
    f->o.env = &f->env;
    expr_vars_set_cstr(&f->vars, "foo", "bar");
    expr_vars_set_cstr(&f->vars, "inputs.parameters.message", "hello world");
    expr_vars_set_cstr(&f->vars, "inputs.parameters.quoted", "say \"hi\"\n");
}

static void
fixture_done(struct fixture *f)
{
    expr_vars_done(&f->vars);
    buf_done(&f->got);
}
#define FIXTURE(f) \
    struct fixture f __attribute__((cleanup(fixture_done))); \
    fixture_init(&f)

static void
check(struct fixture *f, const char *text, const char *want, int kept)
{
    int rc;

    buf_clear(&f->got);
    rc = tag_substitute(str_of(text), &f->o, &f->got, &f->e);
    if (rc < 0)
        fail_msg("%s: %s", text, f->e.msg);
    CHECK_STR(buf_cstring(&f->got), want);
    CHECK_INT(rc, kept);
}

static void
refuse(struct fixture *f, const char *text, const char *why)
{
    buf_clear(&f->got);
    CHECK_TRUE(tag_substitute(str_of(text), &f->o, &f->got, &f->e) < 0);
    CHECK_CONTAINS(f->e.msg, why);
    CHECK_INT(f->got.n, 0);
}

TEST(simple_tags_are_replaced_and_unknown_ones_stay)
{
    FIXTURE(f);
    check(&f, "{{foo}}", "bar", 0);
    check(&f, "a {{ inputs.parameters.message }} b {{foo}}", "a hello world b bar", 0);
    check(&f, "{{missing}} {{foo}} {{ x.y }}", "{{missing}} bar {{ x.y }}", 2);
    check(&f, "no tags } } { {", "no tags } } { {", 0);
    check(&f, "", "", 0);
}

TEST(an_unclosed_tag_is_text_unless_all_must_be_known)
{
    FIXTURE(f);
    check(&f, "print(f\"{{\" + x) {{foo", "print(f\"{{\" + x) {{foo", 0);
    check(&f, "}} {{foo}} {{", "}} bar {{", 0);
    f.o.strict_all = true;
    refuse(&f, "{{", "cannot find end tag");
}

TEST(nested_tags_resolve_from_the_inside_pass_by_pass)
{
    FIXTURE(f);
    expr_vars_set_cstr(&f.vars, "inner", "suffix");
    expr_vars_set_cstr(&f.vars, "outer-suffix", "final-value");
    check(&f, "{{outer-{{inner}}}}", "{{outer-suffix}}", 0);
    buf_clear(&f.got);
    CHECK_INT(tag_settle(STR("{{outer-{{inner}}}}"), &f.o, &f.got, &f.e), 0);
    CHECK_STR(buf_cstring(&f.got), "final-value");
    expr_vars_set_cstr(&f.vars, "C", "valC");
    expr_vars_set_cstr(&f.vars, "B valC", "valB");
    expr_vars_set_cstr(&f.vars, "A valB", "final");
    check(&f, "{{A {{B {{C}}}}}}", "{{A {{B valC}}}}", 0);
    buf_clear(&f.got);
    CHECK_INT(tag_settle(STR("{{A {{B {{C}}}}}}"), &f.o, &f.got, &f.e), 0);
    CHECK_STR(buf_cstring(&f.got), "final");
    check(&f, "{{- with {{ {{ }} secret \"{{inputs.parameters.message}}\" -}} }}",
          "{{- with {{ {{ }} secret \"hello world\" -}} }}", 1);
}

TEST(what_was_put_in_is_not_looked_at_in_the_same_pass)
{
    FIXTURE(f);
    expr_vars_set_cstr(&f.vars, "loop", "{{loop}}{{foo}}");
    check(&f, "{{loop}}", "{{loop}}{{foo}}", 0);
    CHECK_TRUE(tag_settle(STR("{{loop}}"), &f.o, &f.got, &f.e) >= 0);
}

TEST(expression_tags_leave_strings_raw_and_the_rest_as_json)
{
    FIXTURE(f);
    check(&f, "{{='test'}}", "test", 0);
    check(&f, "{{= \"te\" + 'st' }}", "test", 0);
    check(&f, "{{='some\\\\path\\nnew'}}", "some\\path\nnew", 0);
    check(&f, "{{=1 + \n1}}", "2", 0);
    check(&f, "{{=toJson('test')}}", "\"test\"", 0);
    check(&f, "{{=[1, 'a']}} {{=true == false}} {{={a: 1.5} }}", "[1,\"a\"] false {\"a\":1.5}", 0);
    check(&f, "test {{= sprig.trunc(5, inputs.parameters.message) }}", "test hello", 0);
    check(&f, "test {{= sprig.trunc(-5, inputs.parameters['message']) }}", "test world", 0);
    check(&f, "{{='{{'}}", "{{", 0);
    check(&f, "{{='{{foo}}'}}", "{{='bar'}}", 0); /* the next pass makes it bar */
}

TEST(expressions_wait_for_what_is_not_known_yet)
{
    FIXTURE(f);
    check(&f, "{{=unknown}}", "{{=unknown}}", 1);
    check(&f, "{{=sprig.int(retries)}}", "{{=sprig.int(retries)}}", 1);
    check(&f, "{{= item.x ?? 'd'}}", "{{= item.x ?? 'd'}}", 1);
    check(&f, "{{=workflow.status == 'x' ? 1 : 2}}", "{{=workflow.status == 'x' ? 1 : 2}}", 1);
    check(&f, "{{=inputs.parameters.absent ?? 'd'}}", "d", 0); /* has a value without it */
    check(&f, "{{=inputs.parameters.absent}}", "{{=inputs.parameters.absent}}", 1);
    check(&f, "{{='workflow.status' + foo}}", "workflow.statusbar", 0);
    expr_vars_set_cstr(&f.vars, "retries", "2");
    check(&f, "{{=sprig.int(retries) + 1}}", "3", 0);
}

TEST(expressions_whose_names_are_known_must_have_a_value)
{
    FIXTURE(f);
    refuse(&f, "{{=!}}", "failed to evaluate expression: unexpected end of expression (1:2)");
    refuse(&f, "{{=foo + 1}}", "failed to evaluate expression: invalid operation: +");
    refuse(&f, "{{=nil}}", "failed to evaluate expression \"nil\"");
    refuse(&f, "{{=1 / 0}}", "failed to marshal evaluated expression");
    refuse(&f, "{{=nope(1)}}", "unknown function nope");
    f.o.strict_all = true;
    refuse(&f, "{{=unknown}}", "failed to evaluate expression: unknown is missing");
}

TEST(strict_names_must_be_known)
{
    static const char *const strict[] = {"inputs", "tasks", NULL};
    FIXTURE(f);

    f.o.strict = strict;
    check(&f, "{{other}} {{inputsx}}", "{{other}} {{inputsx}}", 2);
    refuse(&f, "{{inputs.parameters.x}}", "failed to resolve {{inputs.parameters.x}}");
    refuse(&f, "{{=tasks.a.outputs.result ?? 'd'}}",
           "failed to evaluate expression: tasks.a.outputs.result is missing");
    refuse(&f, "{{tasks.a.outputs.artifacts.x}}",
           "failed to resolve {{tasks.a.outputs.artifacts.x}}");
    f.o.spare_artifacts = true;
    check(&f, "{{tasks.a.outputs.artifacts.x}}", "{{tasks.a.outputs.artifacts.x}}", 1);
    f.o.strict = NULL;
    f.o.strict_all = true;
    refuse(&f, "{{ missing }}", "failed to resolve {{ missing }}");
}

static void
collect(void *arg, struct str name, bool expression)
{
    buf_printf(arg, "%s%.*s;", expression ? "=" : "", STR_ARG(name));
}

TEST(tags_that_stay_are_reported)
{
    cleanup_buf struct buf names = BUF_INIT;
    FIXTURE(f);

    f.o.unresolved = collect;
    f.o.arg = &names;
    check(&f, "{{ a.b }}{{foo}}{{= foo + c.d}}", "{{ a.b }}bar{{= foo + c.d}}", 2);
    CHECK_STR(buf_cstring(&names), "a.b;=c.d;");
}

TEST(in_json_text_values_are_escaped_and_expressions_unescaped)
{
    FIXTURE(f);
    f.o.json_text = true;
    check(&f, "{\"a\":\"{{inputs.parameters.quoted}}\"}", "{\"a\":\"say \\\"hi\\\"\\n\"}", 0);
    check(&f, "{\"a\":\"{{=\\\"x\\\" + toJson(foo)}}\"}", "{\"a\":\"x\\\"bar\\\"\"}", 0);
    check(&f, "{\"a\":\"{{='some\\\\nlines'}}\"}", "{\"a\":\"some\\nlines\"}", 0);
}

TEST(a_tree_is_substituted_string_by_string)
{
    static const char text[] = "{\"name\":\"{{foo}}\",\"n\":1.50,\"list\":[\"{{inputs.parameters."
                               "quoted}}\",null],\"{{foo}}-key\":{\"x\":\"{{late}}\"}}";
    cleanup_json struct json_doc *in = NULL, *out = NULL;
    FIXTURE(f);

    CHECK_INT(json_parse(str_of(text), &json_limits_default, &in, &f.e), 0);
    CHECK_INT(tag_substitute_json(json_root(in), &f.o, &out, &f.e), 1);
    json_write(&f.got, json_root(out));
    CHECK_STR(buf_cstring(&f.got), "{\"name\":\"bar\",\"n\":1.50,\"list\":[\"say "
                                   "\\\"hi\\\"\\n\",null],\"bar-key\":{\"x\":\"{{late}}\"}}");
}

TEST(an_error_in_a_tree_names_the_path)
{
    cleanup_json struct json_doc *in = NULL;
    struct json_doc *out = NULL;
    FIXTURE(f);

    CHECK_INT(json_parse(STR("{\"spec\":{\"args\":[\"a\",\"{{=foo.x.y}}\",\"{{=foo + 1}}\"]}}"),
                         &json_limits_default, &in, &f.e),
              0);
    CHECK_INT(tag_substitute_json(json_root(in), &f.o, &out, &f.e), ERR_INVALID);
    CHECK_CONTAINS(f.e.msg, "spec.args[2]: failed to evaluate expression: invalid operation");
    CHECK_NULL(out);
}

TEST(results_have_a_limit)
{
    cleanup_buf struct buf text = BUF_INIT;
    FIXTURE(f);

    f.o.max_bytes = 20;
    refuse(&f, "{{inputs.parameters.message}}{{inputs.parameters.message}}",
           "longer than 20 bytes");
    refuse(&f, "{{=repeat('x', 100)}}", "longer than 20 bytes");
}

TEST(a_cache_compiles_once_and_starts_afresh_when_full)
{
    struct tag_cache *cache = tag_cache_new();
    FIXTURE(f);

    f.o.cache = cache;
    for (int i = 0; i < 2500; i++) {
        char text[64], want[64];

        snprintf(text, sizeof text, "{{=foo + '%d'}}", i);
        snprintf(want, sizeof want, "bar%d", i);
        check(&f, text, want, 0);
        check(&f, "{{=foo + foo}}", "barbar", 0);
    }
    tag_cache_free(cache);
}

TEST(all_tags_of_a_text_are_listed)
{
    struct tag_each it = {.text = STR("a {{x}} {{= y + 1 }} {{o-{{i}}}} {{open")};

    CHECK_TRUE(tag_next(&it));
    CHECK_VIEW(it.name, "x");
    CHECK_FALSE(it.expression);
    CHECK_INT(it.offset, 2);
    CHECK_TRUE(tag_next(&it));
    CHECK_VIEW(it.name, "y + 1");
    CHECK_TRUE(it.expression);
    CHECK_TRUE(tag_next(&it));
    CHECK_VIEW(it.name, "i");
    CHECK_TRUE(it.nested);
    CHECK_FALSE(tag_next(&it));
    CHECK_TRUE(it.unclosed);
}

TEST(many_openings_take_linear_time)
{
    cleanup_buf struct buf text = BUF_INIT;
    FIXTURE(f);

    for (int i = 0; i < 200000; i++)
        buf_cstr(&text, "{{=");
    for (int i = 0; i < 200000; i++)
        buf_cstr(&text, "{{a}}");
    buf_cstr(&text, "}}");
    CHECK_TRUE(tag_substitute(buf_view(&text), &f.o, &f.got, &f.e) != 0);
    CHECK_TRUE(f.got.n == 0 || f.got.n == text.n);
}

TESTS_MAIN(T_(simple_tags_are_replaced_and_unknown_ones_stay),
           T_(an_unclosed_tag_is_text_unless_all_must_be_known),
           T_(nested_tags_resolve_from_the_inside_pass_by_pass),
           T_(what_was_put_in_is_not_looked_at_in_the_same_pass),
           T_(expression_tags_leave_strings_raw_and_the_rest_as_json),
           T_(expressions_wait_for_what_is_not_known_yet),
           T_(expressions_whose_names_are_known_must_have_a_value), T_(strict_names_must_be_known),
           T_(tags_that_stay_are_reported),
           T_(in_json_text_values_are_escaped_and_expressions_unescaped),
           T_(a_tree_is_substituted_string_by_string), T_(an_error_in_a_tree_names_the_path),
           T_(results_have_a_limit), T_(a_cache_compiles_once_and_starts_afresh_when_full),
           T_(all_tags_of_a_text_are_listed), T_(many_openings_take_linear_time))
