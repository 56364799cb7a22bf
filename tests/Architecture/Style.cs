using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>docs/style.md, as far as a machine can judge it.</summary>
public sealed partial class Style
{
    private const int MaxFileLines = 500;
    private const int MaxMethodLines = 70;

    private static readonly string[] EmptyNames = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utilities", "Impl"];

    [Fact]
    public void No_file_is_longer_than_500_lines()
        => Assert.Empty(Repository.Sources("src", "tests", "benchmarks", "samples")
            .Select(file => (File: Repository.Relative(file), Lines: File.ReadLines(file).Count()))
            .Where(file => file.Lines > MaxFileLines));

    [Fact]
    public void No_method_is_longer_than_70_lines()
        => Assert.Empty(Repository.Sources("src").SelectMany(LongMethods));

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
        => Assert.Empty(Repository.Sources("src", "tests", "benchmarks")
            .SelectMany(file => TypeName().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Where(name => EmptyNames.Any(empty => name.EndsWith(empty, StringComparison.Ordinal))));

    [Fact]
    public void No_unfinished_mark_is_left()
        => Assert.Empty(Repository.Sources("src", "tests", "samples", "benchmarks")
            .Where(file => Path.GetFileName(file) != "Style.cs")
            .Where(file => Unfinished().IsMatch(File.ReadAllText(file)))
            .Select(Repository.Relative));

    [Fact]
    public void A_namespace_is_its_folder()
        => Assert.Empty(Repository.Sources("src")
            .Select(file => (File: Repository.Relative(file), Namespace: NamespaceName().Match(File.ReadAllText(file)).Groups[1].Value))
            .Where(file => file.Namespace.Length > 0 && file.Namespace != ExpectedNamespace(file.File)));

    private static string ExpectedNamespace(string file)
        => "ProtoBridgeMQ." + string.Join('.', file.Split('/').Skip(1).SkipLast(1));

    /// <summary>A method is what stands between a brace at the depth of members and its partner.</summary>
    private static IEnumerable<string> LongMethods(string file)
    {
        string[] lines = File.ReadAllLines(file);
        int start = -1;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "    {")
            {
                start = i;
            }
            else if (lines[i] == "    }" && start >= 0)
            {
                string head = string.Concat(lines[Math.Max(0, start - 3)..start]);
                if (i - start - 1 > MaxMethodLines && head.Contains('(', StringComparison.Ordinal) && !NestedType().IsMatch(head))
                {
                    yield return $"{Repository.Relative(file)}:{start + 1}: {i - start - 1} lines";
                }

                start = -1;
            }
        }
    }

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+([A-Z]\w*)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s")]
    private static partial Regex NestedType();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceName();

    [GeneratedRegex(@"NotImplementedException|\b(TODO|FIXME|HACK)\b")]
    private static partial Regex Unfinished();
}
