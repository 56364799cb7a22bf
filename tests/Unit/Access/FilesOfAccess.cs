using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Users;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Unit.Access;

/// <summary>Files that change while they are in use, and files that cannot be used.</summary>
public sealed class FilesOfAccess
{
    private const string Everything = """{ "rules": [ { "allow": ["publish"], "topics": ["#"] } ] }""";
    private const string Nothing = """{ "rules": [] }""";

    [Fact]
    public void Changed_rules_are_in_force_for_clients_that_are_connected()
    {
        using AccessKit kit = new AccessKit().WithRules(Everything);
        ClientRights rights = kit.RightsOf("ada");
        Assert.True(rights.MayPublish("a"u8).IsAllowed);

        kit.WithRules(Nothing);
        kit.Clock.Advance(kit.Options.ReloadInterval);

        Assert.False(rights.MayPublish("a"u8).IsAllowed);
        Assert.Contains(kit.Lines, line => line.StartsWith("Information: Access: ", StringComparison.Ordinal) && line.Contains("read again", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("")]
    [InlineData("[]")]
    public void A_changed_file_that_cannot_be_used_leaves_what_was_and_says_so(string text)
    {
        using AccessKit kit = new AccessKit().WithRules(Everything);
        ClientRights rights = kit.RightsOf("ada");

        kit.WithRules(text);
        kit.Clock.Advance(kit.Options.ReloadInterval);
        kit.Clock.Advance(kit.Options.ReloadInterval);

        Assert.True(rights.MayPublish("a"u8).IsAllowed);
        Assert.Single(kit.Lines, line => line.StartsWith("Warning: ", StringComparison.Ordinal));
        kit.WithRules(Nothing);
        kit.Clock.Advance(kit.Options.ReloadInterval);
        Assert.False(rights.MayPublish("a"u8).IsAllowed);
    }

    [Fact]
    public void A_file_that_goes_away_leaves_what_was()
    {
        using AccessKit kit = new AccessKit().WithRules(Everything);
        ClientRights rights = kit.RightsOf("ada");

        File.Delete(kit.Options.RulesFile);
        kit.Clock.Advance(kit.Options.ReloadInterval);

        Assert.True(rights.MayPublish("a"u8).IsAllowed);
    }

    [Fact]
    public async Task A_user_that_is_removed_may_do_nothing_any_more()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []), ("bob", "two", []));
        ClientRights rights = kit.Control.RightsOf((await kit.PasswordAsync("ada", "one")).Identity!, "c");
        Assert.True(rights.MayPublish("a"u8).IsAllowed);

        kit.WithUsers(("bob", "two", []));
        kit.Clock.Advance(kit.Options.ReloadInterval);

        Assert.False(rights.MayPublish("a"u8).IsAllowed);
        Assert.Null((await kit.PasswordAsync("ada", "one")).Identity);
    }

    [Fact]
    public async Task A_changed_password_is_in_force_and_the_old_one_is_not()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        Assert.NotNull((await kit.PasswordAsync("ada", "one")).Identity);

        kit.WithUsers(("ada", "another", []));
        kit.Clock.Advance(kit.Options.ReloadInterval);

        Assert.Null((await kit.PasswordAsync("ada", "one")).Identity);
        Assert.NotNull((await kit.PasswordAsync("ada", "another")).Identity);
    }

    [Theory]
    [InlineData("""{ "rule": [] }""", "'rule'")]
    [InlineData("""{ "default": "maybe" }""", "default is 'maybe'")]
    [InlineData("""{ "rules": {} }""", "rules must be a list")]
    [InlineData("""{ "rules": [ { "topics": ["a"] } ] }""", "rule 1 must have either allow or deny")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "deny": ["publish"] } ] }""", "rule 1 must have either allow or deny")]
    [InlineData("""{ "rules": [ { "allow": ["write"] } ] }""", "'write' is no action")]
    [InlineData("""{ "rules": [ { "allow": [] } ] }""", "rule 1 names no action")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "topics": ["a/#/b"] } ] }""", "'a/#/b' is no topic filter")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "topics": ["a+"] } ] }""", "'a+' is no topic filter")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "topics": [] } ] }""", "topics is empty")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "users": "ada" } ] }""", "users must be a list")]
    [InlineData("""{ "rules": [ { "allow": ["publish"], "usrs": ["ada"] } ] }""", "'usrs'")]
    public void Rules_that_cannot_be_are_refused_by_their_place(string rules, string message)
    {
        using AccessKit kit = new AccessKit().WithRules(rules);

        var wrong = Assert.Throws<AccessFileException>(() => kit.Control);

        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(kit.Options.RulesFile, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "users": [ { "name": "a/b" } ] }""", "user 1: name")]
    [InlineData("""{ "users": [ { "password": "x" } ] }""", "user 1: name")]
    [InlineData("""{ "users": [ { "name": "ada", "password": "one" } ] }""", "user 1 (ada): password")]
    [InlineData("""{ "users": [ { "name": "ada" }, { "name": "ada" } ] }""", "user ada is there twice")]
    [InlineData("""{ "users": [ { "name": "ada", "apiKeys": [ { "sha256": "00" } ] } ] }""", "64 hex digits")]
    public void Users_that_cannot_be_are_refused_by_their_place(string users, string message)
        => Assert.Contains(message, Assert.Throws<AccessFileException>(() => UserFile.Parse("users.json", Encoding.UTF8.GetBytes(users), 10)).Message, StringComparison.Ordinal);

    [Fact]
    public void More_than_the_limits_is_refused()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "allow": ["publish"] }, { "allow": ["publish"] } ] }""");
        kit.Options.MaxRules = 1;

        Assert.Contains("access.maxRules", Assert.Throws<AccessFileException>(() => kit.Control).Message, StringComparison.Ordinal);
        Assert.Contains("access.maxUsers", Assert.Throws<AccessFileException>(() => UserFile.Parse("f", """{ "users": [ { "name": "a" }, { "name": "b" } ] }"""u8.ToArray(), 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_latest_refusals_are_kept_and_the_log_has_a_line_for_each()
    {
        using AccessKit kit = new AccessKit().WithRules(Nothing);
        kit.Options.RecentRefusals = 2;

        for (int i = 1; i <= 3; i++)
        {
            kit.Control.Audit.Refused("publish", "ada", "c", "127.0.0.1:9", $"topic/{i}\n", "rule 7");
        }

        Assert.Equal(["topic/3?", "topic/2?"], kit.Control.Audit.Recent().Select(refusal => refusal.What));
        Assert.Equal(3, kit.Lines.Count);
        Assert.Contains("Information: Access refused: publish by ada (c) from 127.0.0.1:9: topic/1?: rule 7", kit.Lines);
    }
}
