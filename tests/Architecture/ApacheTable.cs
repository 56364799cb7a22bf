using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>The table of docs/client.md that says what was seen to work with which broker: one row for each test that runs against a cluster.</summary>
public sealed partial class ApacheTable
{
    [Fact]
    public void Every_test_against_a_cluster_has_one_row_and_every_row_a_test()
    {
        string[] tests = [.. Tests().Order(StringComparer.Ordinal)];
        Assert.NotEmpty(tests);

        Assert.Equal(tests, Rows().Select(row => row.Test).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_row_says_what_was_seen_with_each_of_three_brokers()
    {
        foreach ((string test, string[] seen) in Rows())
        {
            Assert.True(seen.Length == 3 && Array.TrueForAll(seen, static one => one.Length > 0), $"{test} has {string.Join(" | ", seen)}");
        }
    }

    private static IEnumerable<string> Tests() =>
        from file in Repository.Sources("tests/Interop/Apache")
        from Match match in Test().Matches(File.ReadAllText(file))
        select match.Groups[1].Value;

    private static IEnumerable<(string Test, string[] Seen)> Rows() =>
        from Match row in Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "client.md")))
        select (row.Groups[1].Value, row.Groups[2].Value.Split('|', StringSplitOptions.TrimEntries));

    [GeneratedRegex(@"\[FactWhen\(Needs\.Apache[^\n]*\n\s+public (?:async )?Task (\w+)\(")]
    private static partial Regex Test();

    [GeneratedRegex(@"^\| [^|\n]+ \| `(\w+)` \|([^\n]+)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
