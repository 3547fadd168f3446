/**
 * The text that `rune init` writes. A test opens it, runs its tests, and expects no warning.
 */

/** A whole configuration for somebody who has not seen one. */
export const FIRST_CONFIGURATION = `version = "rune/1.0"

# Who may do what. This file holds facts, rules and policies, and the decisions that you expect from them.
#
#   rune test                                                            runs the tests at the end
#   rune eval --principal ana --action read --resource /srv/docs/plan.md decides one request
#   rune query 'reader(Who)'                                             shows what follows from the facts
#   rune validate                                                        checks this file

[options]
# \`ana\` alone means User::"ana", and \`/srv/docs/plan.md\` means File::"/srv/docs/plan.md".
default_principal_type = "User"
default_resource_type = "File"
# Ids of files are paths: \`.\` and \`..\` are resolved before anything is decided.
path_types = ["File"]

[data]
# Facts. Each key is a predicate: member("ana", "staff"), member("ben", "guests").
member = [["ana", "staff"], ["ben", "guests"]]
suspended = ["cleo"]

[rules]
// Rules derive facts from facts. Read \`:-\` as "if" and a comma as "and"; names in upper case are variables.
reader(Who) :- member(Who, "staff"), not suspended(Who).

// A rule named \`permit\` or \`forbid\` decides. Its text is the reason that the decision gives.
permit("staff read documents") :-
  principal(Who, "User"), reader(Who), action("read"), path(Path), Path.under("/srv/docs").

[entities]
# What policies know of users, groups and other things.
'User::"ben"' = { in = ['Group::"guests"'] }

[policies]
// Policies are written in Cedar. Any permit opens, any forbid outweighs it, and nothing at all is a deny.
@id("guests read the public folder")
permit(principal in Group::"guests", action == Action::"read", resource in File::"/srv/docs/public/**");

@id("drafts are closed")
forbid(principal, action, resource in File::"/srv/docs/drafts/**");

[tests]
[[tests.case]]
name = "staff read documents"
principal = "ana"
action = "read"
resource = "/srv/docs/plan.md"
expect = "permit"
reasons = ["staff read documents"]

[[tests.case]]
name = "guests read what is public"
principal = "ben"
action = "read"
resource = "/srv/docs/public/welcome.md"
expect = "permit"

[[tests.case]]
name = "guests read nothing else"
principal = "ben"
action = "read"
resource = "/srv/docs/plan.md"
expect = "deny"

[[tests.case]]
name = "drafts are closed, for staff too"
principal = "ana"
action = "read"
resource = "/srv/docs/drafts/idea.md"
expect = "forbid"

[[tests.case]]
name = "a suspended member reads nothing"
principal = "cleo"
action = "read"
resource = "/srv/docs/plan.md"
facts = { member = [["cleo", "staff"]] }
expect = "deny"
`
