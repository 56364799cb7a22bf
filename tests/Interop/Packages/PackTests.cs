using System.IO.Compression;
using System.Xml.Linq;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Packages;

/// <summary>The packages of the SDK, made by <c>eng/pack.sh</c> from copies of the sources in two different places.</summary>
public sealed class PackTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly string[] Packages = ["ProtoBridgeMQ.Client", "ProtoBridgeMQ.Client.Hosting", "ProtoBridgeMQ.Remoting"];

    private static readonly string[] Sources = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "eng", "src/Remoting", "src/Client", "src/Client.Hosting"];

    [Fact]
    public async Task They_have_what_belongs_into_them_and_the_same_bytes_wherever_they_are_built()
    {
        using var directory = new TempDirectory("pack");
        string first = await PackAsync(directory["first"]);
        string second = await PackAsync(directory["another/place"]);
        foreach (string package in Packages)
        {
            Dictionary<string, byte[]> one = Read(first, package, "nupkg");
            foreach (string part in new[] { "README.md", "icon.png", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml", $"{package}.nuspec" })
            {
                Assert.True(one.ContainsKey(part), $"{package} has {part}: it has {string.Join(", ", one.Keys)}");
            }

            Described(package, one[$"{package}.nuspec"]);
            string library = $"lib/net10.0/{package}.dll";
            Assert.True(one[library].AsSpan().SequenceEqual(Read(second, package, "nupkg")[library]), $"{library} has the same bytes both times");
            string symbols = $"lib/net10.0/{package}.pdb";
            Assert.True(Read(first, package, "snupkg")[symbols].AsSpan().SequenceEqual(Read(second, package, "snupkg")[symbols]), $"{symbols} has the same bytes both times");
        }
    }

    private static async Task<string> PackAsync(string place)
    {
        foreach (string source in Sources)
        {
            Copy(Path.Combine(BuiltProgram.Root, source), Path.Combine(place, source));
        }

        string packages = Path.Combine(place, "packages");
        var environment = new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" };
        await using ChildProcess pack = ChildProcess.Start(
            "bash", [Path.Combine(place, "eng", "pack.sh"), packages, "-p:RunAnalyzers=false"], environment, place);
        int code = await pack.ExitAsync(Patience);
        Assert.True(code == 0, pack.Output);
        return packages;
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
            return;
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(from, file);
            if (!relative.Split('/').Any(part => part is "bin" or "obj"))
            {
                Copy(file, Path.Combine(to, relative));
            }
        }
    }

    private static Dictionary<string, byte[]> Read(string folder, string package, string kind)
    {
        string file = Assert.Single(Directory.GetFiles(folder, $"{package}.*.{kind}"), path => char.IsDigit(Path.GetFileName(path)[package.Length + 1]));
        using ZipArchive archive = ZipFile.OpenRead(file);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var bytes = new MemoryStream();
            using Stream stream = entry.Open();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        });
    }

    /// <summary>What a package says of itself.</summary>
    private static void Described(string package, byte[] nuspec)
    {
        using var stream = new MemoryStream(nuspec);
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        Assert.Equal(package, Value("id"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Equal("icon.png", Value("icon"));
        Assert.Equal("Apache-2.0", Value("license"));
        Assert.False(string.IsNullOrWhiteSpace(Value("description")), $"{package} has a description");
        string[] needs = [.. metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).Where(id => id.StartsWith("ProtoBridgeMQ", StringComparison.Ordinal))];
        string[] expected = package switch
        {
            "ProtoBridgeMQ.Client" => ["ProtoBridgeMQ.Remoting"],
            "ProtoBridgeMQ.Client.Hosting" => ["ProtoBridgeMQ.Client"],
            _ => [],
        };
        Assert.Equal(expected, needs);

        string? Value(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
    }
}
