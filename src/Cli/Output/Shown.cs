using System.Globalization;
using System.Text;
using Spectre.Console;

namespace ProtoBridgeMQ.Cli.Output;

/// <summary>Values as people read them. What came from elsewhere must not steer the terminal: control characters are written out.</summary>
internal static class Shown
{
    public static string Line(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !text.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\n' => shown.Append("\\n"),
                '\r' => shown.Append("\\r"),
                '\t' => shown.Append("\\t"),
                _ when char.IsControl(c) => shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => shown.Append(c),
            };
        }

        return shown.ToString();
    }

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset? time) => time is { } at ? at.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "-";

    /// <summary>A table; columns that begin with # are numbers and stand right.</summary>
    public static Table Table(string[] columns, IEnumerable<string?[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            var shown = new TableColumn(new Text(column.TrimStart('#'))) { NoWrap = !column.Contains("body", StringComparison.Ordinal) };
            table.AddColumn(column.StartsWith('#') ? shown.RightAligned() : shown);
        }

        foreach (string?[] row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Line(cell ?? "-"))));
        }

        return table;
    }

    public static Text Words(string text) => new(string.Join('\n', text.Split('\n').Select(Line)) + "\n");
}
