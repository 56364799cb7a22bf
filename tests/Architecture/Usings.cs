using System.Text.RegularExpressions;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>Every namespace of ours that a source file names, by a using or in full.</summary>
internal static partial class Usings
{
    public static IEnumerable<string> Of(string file)
        => OurName().Matches(WithoutDeclaration(File.ReadAllText(file))).Select(match => match.Value).Distinct();

    // A meter or category name in quotes is not a use of the namespace.
    private static string WithoutDeclaration(string text) => Quoted().Replace(Declaration().Replace(text, string.Empty), "\"\"");

    [GeneratedRegex("\"[^\"\\n]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"ProtoBridgeMQ(\.[A-Z][A-Za-z0-9]*)+")]
    private static partial Regex OurName();

    [GeneratedRegex(@"^namespace .*$", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
