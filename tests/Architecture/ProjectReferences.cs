using System.Xml.Linq;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>The dependency table of docs/architecture.md, as a test.</summary>
public sealed class ProjectReferences
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Remoting"] = [],
        ["Store"] = ["Remoting"],
        ["Sockets"] = [],
        ["NameServer"] = ["Remoting"],
        ["Broker"] = ["Bridge", "Remoting", "Store", "Sockets"],
        ["Client"] = ["Remoting"],
        ["Client.Hosting"] = ["Client"],
        ["Cli"] = ["Client"],
        ["Bridge"] = [],
        ["Gateway"] = ["Remoting", "Store", "Sockets", "NameServer", "Broker", "Client", "Bridge"],
    };

    [Fact]
    public void Every_source_project_references_only_what_the_table_allows()
    {
        List<string> wrong = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            Assert.True(Allowed.ContainsKey(name), $"{name} is not in the dependency table");
            wrong.AddRange(References(file).Where(reference => !Allowed[name].Contains(reference)).Select(reference => $"{name} -> {reference}"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void The_store_knows_nothing_of_remoting_but_the_message_record()
    {
        string[] wrong = Repository.Sources("src/Store")
            .SelectMany(file => Usings.Of(file).Where(name => name.StartsWith("ProtoBridgeMQ.Remoting", StringComparison.Ordinal)
                && !name.StartsWith("ProtoBridgeMQ.Remoting.Messages", StringComparison.Ordinal))
                .Select(name => $"{Repository.Relative(file)}: {name}"))
            .ToArray();

        Assert.Empty(wrong);
    }

    private static IEnumerable<string> References(string project)
        => XDocument.Load(project)
            .Descendants("ProjectReference")
            .Select(element => Path.GetFileNameWithoutExtension(((string)element.Attribute("Include")!).Replace('\\', '/')));
}
