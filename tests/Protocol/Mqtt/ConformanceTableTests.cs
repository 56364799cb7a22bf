using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>The tables in docs/protocols have every statement of the specifications, and name tests that exist.</summary>
public sealed partial class ConformanceTableTests
{
    [Theory]
    [InlineData("mqtt-5.md", 251)]
    [InlineData("mqtt-3.1.1.md", 140)]
    public void Every_statement_has_one_row_and_every_named_test_exists(string page, int statements)
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Folder(), page)).Where(line => line.StartsWith("| MQTT-", StringComparison.Ordinal))];
        Assert.Equal(statements, rows.Length);
        Assert.Equal(statements, rows.Select(row => row.Split('|')[1]).Distinct().Count());
        Assert.Empty(rows.Where(row => row.Split('|')[^2].Trim().Length < 10));
        Assert.Contains(Summary(rows), File.ReadLines(Path.Combine(Folder(), page)));
        var tests = typeof(ConformanceTableTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet();
        Assert.Empty(rows.SelectMany(row => TestName().Matches(row).Select(match => match.Groups[1].Value)).Where(name => !tests.Contains(name)).Distinct());
    }

    private static string Summary(string[] rows)
    {
        string[] proofs = [.. rows.Select(row => row.Split('|')[^2].Trim())];
        int tested = proofs.Count(proof => TestName().IsMatch(proof));
        int Beginning(string words) => proofs.Count(proof => proof.StartsWith(words, StringComparison.Ordinal) && !TestName().IsMatch(proof));
        return $"{rows.Length} statements: {tested} are proven by a test, {Beginning("kept")} are kept without a test of their own, {Beginning("binds the client")} bind only the client, {Beginning("does not apply")} do not apply.";
    }

    private static string Folder([CallerFilePath] string here = "")
        => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "protocols");

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex TestName();
}
