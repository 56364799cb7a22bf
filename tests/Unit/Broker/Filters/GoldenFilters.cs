using System.Text;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>The files of <c>tests/Golden/filters</c>.</summary>
internal static class GoldenFilters
{
    /// <summary>Lines of a table, cut into their columns.</summary>
    public static IEnumerable<string[]> Table(string path) => File.ReadLines(path).Select(static line => line.Split('\t'));

    /// <summary>The path of a file.</summary>
    public static string PathOf(string name)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory!.FullName, "tests", "Golden", "filters", name);
    }

    /// <summary>The expression of a column, where line ends and tabs are written as in C.</summary>
    public static string Expression(string column) => column.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);

    /// <summary>The property text of a column <c>name=value|name=value</c>.</summary>
    public static byte[] Properties(string column) => column.Length == 0
        ? []
        : Encoding.UTF8.GetBytes(string.Concat(column.Split('|').Select(static pair => pair.Replace('=', '\u0001') + '\u0002')));
}
