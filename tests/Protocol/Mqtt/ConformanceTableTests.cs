using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>The tables in docs/protocols have every statement of the specifications, and name tests and golden packets that exist.</summary>
public sealed partial class ConformanceTableTests
{
    [Theory]
    [InlineData("mqtt-5.md", "5")]
    [InlineData("mqtt-3.1.1.md", "3.1.1")]
    public void Every_statement_of_the_standard_has_one_row_with_its_proof(string page, string standard)
    {
        string[] statements = [.. File.ReadLines(Path.Combine(Folder(), "tests", "Golden", "mqtt", "statements.tsv"))
            .Select(line => line.Split('\t'))
            .Where(fields => fields[0] == standard)
            .Select(fields => fields[1])];
        string[] rows = Rows(page);
        Assert.Equal(statements, rows.Select(row => Cells(row)[0]));
        Assert.Equal(statements.Length, statements.Distinct().Count());
        Assert.Empty(rows.Where(row => Cells(row).Any(cell => cell.Length == 0)));
        Assert.Empty(rows.Where(row => !IsTested(row) && Reason(row) is null));
        Assert.Contains(Summary(rows), File.ReadLines(Path.Combine(Folder(), "docs", "protocols", page)));
    }

    [Theory]
    [InlineData("mqtt-5.md")]
    [InlineData("mqtt-3.1.1.md")]
    public void Every_named_test_and_golden_packet_exists(string page)
    {
        var named = typeof(ConformanceTableTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}"))
            .Concat(GoldenPackets.All.Select(packet => $"golden: {packet.Name}"))
            .Concat(GoldenPackets.Malformed.Select(packet => $"refused: {packet.Name}"))
            .ToHashSet();
        Assert.Empty(Rows(page).SelectMany(row => Proof().Matches(row).Select(match => match.Groups[1].Value)).Where(name => !named.Contains(name)).Distinct());
    }

    private static string Summary(string[] rows)
        => $"{rows.Length} statements: {rows.Count(row => Reason(row) is null)} are proven by a test, {Because(rows, "by an option")} by an option only, {Because(rows, "kept")} are kept without a test of their own, "
            + $"{Because(rows, "binds the client")} bind only the client, {Because(rows, "does not apply")} do not apply.";

    private static int Because(string[] rows, string reason) => rows.Count(row => Reason(row) == reason);

    /// <summary>Why there need be no test, or that there is a condition; null when it is simply proven.</summary>
    private static string? Reason(string row)
        => Array.Find(["by an option", "kept", "binds the client", "does not apply"], reason => Cells(row)[^1].StartsWith(reason, StringComparison.Ordinal));

    private static bool IsTested(string row) => Proof().IsMatch(Cells(row)[^1]);

    private static string[] Rows(string page)
        => [.. File.ReadLines(Path.Combine(Folder(), "docs", "protocols", page)).Where(line => line.StartsWith("| MQTT-", StringComparison.Ordinal))];

    private static string[] Cells(string row) => [.. row.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim())];

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..");

    [GeneratedRegex(@"`(\w+Tests\.\w+|(?:refused|golden): [^`]+)`")]
    private static partial Regex Proof();
}
