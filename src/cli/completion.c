#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/settings.h"

/*
 * What may stand at the end of a command line, for the shells' completion.
 *
 * The scripts of the shells are a few lines each: they hand the words typed so far to
 * `sluice completion candidates -- WORD...`, which answers from the same tables as the parser and
 * the help, one candidate a line with its help behind a tab.  A last line ":files" or
 * ":directories" says that paths may stand there.  So a new command or setting is completed without
 * anybody's help.
 */

static const char bash_script[] =
    "# bash completion of sluice; made by `sluice completion bash`\n"
    "_sluice() {\n"
    "    local line lines current=${COMP_WORDS[COMP_CWORD]} prefix=\n"
    "    local -a words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
    "    # bash splits --flag=value into three words.\n"
    "    local typed=${COMP_LINE:0:COMP_POINT}\n"
    "    typed=${typed##*[[:space:]]}\n"
    "    if [[ $typed == --*=* ]]; then\n"
    "        words=(\"${words[@]:0:${#words[@]}-$([[ $current == = ]] && echo 2 || echo 3)}\" "
    "\"$typed\")\n"
    "        prefix=${typed%%=*}=\n"
    "        [[ $current == = ]] && current=\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    mapfile -t lines < <(\"${COMP_WORDS[0]}\" completion candidates -- \"${words[@]}\" "
    "2>/dev/null)\n"
    "    for line in \"${lines[@]}\"; do\n"
    "        case $line in\n"
    "            :files) mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- "
    "\"$current\")\n"
    "                    compopt -o filenames ;;\n"
    "            :directories) mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -d -- "
    "\"$current\")\n"
    "                    compopt -o filenames ;;\n"
    "            *) line=${line%%$'\\t'*}; COMPREPLY+=(\"${line#\"$prefix\"}\") ;;\n"
    "        esac\n"
    "    done\n"
    "}\n"
    "complete -F _sluice sluice\n";

static const char zsh_script[] =
    "#compdef sluice\n"
    "# zsh completion of sluice; made by `sluice completion zsh`\n"
    "_sluice() {\n"
    "    local line tab=$'\\t'\n"
    "    local -a found\n"
    "    local -a typed=(\"${(@)words[2,CURRENT]}\")\n"
    "    for line in \"${(@f)$(\"${words[1]}\" completion candidates -- \"${typed[@]}\" "
    "2>/dev/null)}\"; "
    "do\n"
    "        case $line in\n"
    "            '') ;;\n"
    "            :files) _files ;;\n"
    "            :directories) _files -/ ;;\n"
    "            *) found+=(\"${${line%%$tab*}//:/\\\\:}:${line#*$tab}\") ;;\n"
    "        esac\n"
    "    done\n"
    "    (( ${#found} )) && _describe sluice found\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _sluice ]; then _sluice; else compdef _sluice sluice; fi\n";

static const char fish_script[] =
    "# fish completion of sluice; made by `sluice completion fish`\n"
    "function __sluice_candidates\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    for line in ($words[1] completion candidates -- $words[2..-1] 2>/dev/null)\n"
    "        switch $line\n"
    "            case :files\n"
    "                __fish_complete_path (commandline -ct)\n"
    "            case :directories\n"
    "                __fish_complete_directories (commandline -ct)\n"
    "            case '*'\n"
    "                echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c sluice -f -a '(__sluice_candidates)'\n";

static const struct {
    const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

/* The words that are being completed, and where candidates go. */
struct completion {
    const struct cli_command *command;
    const struct option *tables[3];
    const char *word; /* the last one, perhaps empty */
    FILE *out;
};

static void
candidate(const struct completion *k, const char *prefix, const char *text, const char *help)
{
    if (strncmp(text, k->word + strlen(prefix), strlen(k->word) - strlen(prefix)) == 0)
        fprintf(k->out, "%s%s\t%s\n", prefix, text, help != NULL ? help : "");
}

/* Paths, if that is what `argument` calls its value. */
static void
paths(const struct completion *k, const char *argument)
{
    if (strncmp(argument, "FILE", 4) == 0)
        fputs(":files\n", k->out);
    else if (strcmp(argument, "DIR") == 0)
        fputs(":directories\n", k->out);
}

/* `prefix` is what of the word stands before the value: "--output=", or nothing. */
static void
values(const struct completion *k, const struct option *o, const char *prefix)
{
    for (size_t i = 0; o->choices != NULL && o->choices[i] != NULL; i++)
        candidate(k, prefix, o->choices[i], NULL);
    paths(k, o->argument);
}

static void
flags(const struct completion *k)
{
    for (size_t t = 0; t < ARRAY_LEN(k->tables); t++)
        for (const struct option *o = k->tables[t]; o != NULL && o->name != NULL; o++) {
            cleanup_buf struct buf flag = BUF_INIT;

            option_put_flag(&flag, o->name);
            candidate(k, "", buf_cstring(&flag), o->help);
        }
}

static void
commands(const struct completion *k)
{
    for (size_t i = 0; cli_commands()[i] != NULL; i++)
        candidate(k, "", cli_commands()[i]->name, cli_commands()[i]->help);
}

static void
operands(const struct completion *k)
{
    const struct cli_command *m = k->command;

    for (size_t i = 0; m->choices != NULL && m->choices[i] != NULL; i++)
        candidate(k, "", m->choices[i], NULL);
    if (m->arguments != NULL && strcmp(m->arguments, "[COMMAND]") == 0)
        commands(k);
    else if (m->arguments != NULL)
        paths(k, m->arguments);
}

/* The flag that `word` names ("--output", "-o", "--output=tree"); *ret_value is what stands behind
 * its '=', or NULL. */
static const struct option *
flag_of(const struct completion *k, const char *word, const char **ret_value)
{
    *ret_value = NULL;
    for (size_t t = 0; t < ARRAY_LEN(k->tables); t++) {
        const struct option *o = option_find(k->tables[t], word, ret_value);

        if (o != NULL)
            return o;
    }
    return NULL;
}

static void
complete(struct completion *k, const char *before)
{
    const char *value, *unused;
    const struct option *o = flag_of(k, k->word, &value);

    if (o != NULL && value != NULL && o->argument != NULL) {
        cleanup_free char *prefix = xstrndup(k->word, (size_t)(value - k->word));

        values(k, o, prefix);
        return;
    }
    o = before != NULL ? flag_of(k, before, &unused) : NULL;
    if (o != NULL && unused == NULL && o->argument != NULL)
        values(k, o, "");
    else if (k->word[0] == '-')
        flags(k);
    else
        operands(k);
}

static int
candidates(struct cli *c)
{
    size_t n = option_operand_count(c->options);
    struct completion k = {.word = n > 1 ? option_operand(c->options, n - 1) : "", .out = c->out};

    if (n <= 2) {
        commands(&k);
        return CLI_OK;
    }
    k.command = cli_command_find(option_operand(c->options, 1));
    if (k.command == NULL)
        return CLI_OK;
    k.tables[0] = k.command->options;
    k.tables[1] = k.command->settings ? settings_options() : NULL;
    k.tables[2] = cli_common_options();
    complete(&k, n > 3 ? option_operand(c->options, n - 2) : NULL);
    return CLI_OK;
}

static int
completion_run(struct cli *c)
{
    const char *shell = option_operand(c->options, 0);

    if (strcmp(shell, "candidates") == 0)
        return candidates(c);
    if (option_operand_count(c->options) > 1)
        return cli_usage(c, "takes one shell");
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
        if (strcmp(shell, scripts[i].shell) == 0) {
            fputs(scripts[i].script, c->out);
            return CLI_OK;
        }
    return cli_usage(c, "unknown shell '%s': expected bash, zsh or fish", shell);
}

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

const struct cli_command completion_command = {
    .name = "completion",
    .arguments = "SHELL",
    .help = "print the script that completes sluice's words in a shell",
    .details =
        "For bash:  sluice completion bash > ~/.local/share/bash-completion/completions/sluice\n"
        "For zsh:   sluice completion zsh > DIR/_sluice, with DIR in $fpath\n"
        "For fish:  sluice completion fish > ~/.config/fish/completions/sluice.fish\n"
        "`make install` puts all three where the shells look by themselves.",
    .choices = shells,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = completion_run,
};
