using System.Globalization;
using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>The numbers of log messages: given by hand, never twice, in the range of their folder as docs/logging.md has it.</summary>
public sealed partial class LogEvents
{
    [Fact]
    public void Every_log_message_has_a_number_of_its_own()
    {
        var events = Events().ToList();
        Assert.NotEmpty(events);
        Assert.Empty(events.Where(found => found.Id is null).Select(found => $"{found.File}: {found.Text}"));
        Assert.Empty(events.GroupBy(found => found.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(found => found.File))}"));
    }

    [Fact]
    public void A_log_message_has_a_number_of_the_range_of_its_folder()
    {
        var ranges = Ranges().ToList();
        Assert.NotEmpty(ranges);
        foreach (var found in Events().Where(found => found.Id is not null))
        {
            var range = ranges.Where(range => found.File.StartsWith(range.Folder + "/", StringComparison.Ordinal)).MaxBy(range => range.Folder.Length);
            Assert.True(range.Folder is not null, $"{found.File} is in no folder that docs/logging.md has");
            Assert.True(found.Id >= range.First && found.Id <= range.Last, $"{found.File}: {found.Id} is not in {range.First} to {range.Last}");
        }
    }

    private static IEnumerable<(string File, int? Id, string Text)> Events() =>
        from file in Repository.Sources("src")
        from Match match in Attribute().Matches(File.ReadAllText(file))
        let number = Number().Match(match.Value)
        select (Repository.Relative(file), number.Success ? int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture) : (int?)null, match.Value);

    private static IEnumerable<(string Folder, int First, int Last)> Ranges() =>
        from Match row in Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "logging.md")))
        select (row.Groups[3].Value, int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\[LoggerMessage\([^\n]*")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"^\[LoggerMessage\((?:EventId = )?(\d+)")]
    private static partial Regex Number();

    [GeneratedRegex(@"^\| (\d+) to (\d+) \| `(src/[\w./]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
