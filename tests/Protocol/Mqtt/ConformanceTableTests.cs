using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>The table in docs/protocols/mqtt.md names tests that exist.</summary>
public sealed partial class ConformanceTableTests
{
    private const int Statements = 251;

    [Fact]
    public void Every_statement_has_one_row_and_every_named_test_exists()
    {
        string[] rows = [.. File.ReadLines(Page()).Where(line => line.StartsWith("| MQTT-", StringComparison.Ordinal))];
        Assert.Equal(Statements, rows.Length);
        Assert.Equal(Statements, rows.Select(row => row.Split('|')[1]).Distinct().Count());
        var tests = typeof(ConformanceTableTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet();
        Assert.Empty(rows.SelectMany(row => TestName().Matches(row).Select(match => match.Groups[1].Value)).Where(name => !tests.Contains(name)).Distinct());
    }

    private static string Page([CallerFilePath] string here = "")
        => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "protocols", "mqtt.md");

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex TestName();
}
