using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop;

/// <summary>What <c>dotnet pack</c> makes of the SDK.</summary>
public sealed class Packaging
{
    [Theory]
    [InlineData("Client", "ProtoBridgeMQ.Client", "ProtoBridgeMQ.Remoting")]
    [InlineData("Client.Hosting", "ProtoBridgeMQ.Client.Hosting", "ProtoBridgeMQ.Client")]
    public async Task A_package_has_readme_icon_documentation_and_symbols(string project, string id, string dependsOn)
    {
        using var output = new TempDirectory("pack");
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string file = Path.Combine(GatewayProgram.Root, "src", project, project + ".csproj");
        await using ChildProcess pack = ChildProcess.Start(
            "dotnet", ["pack", file, "-c", configuration, "--no-build", "-o", output.Path, "-nologo"], new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" }, GatewayProgram.Root);
        int code = await pack.ExitAsync(TimeSpan.FromSeconds(120));
        Assert.True(code == 0, pack.Output);

        using ZipArchive package = ZipFile.OpenRead(Directory.GetFiles(output.Path, id + ".*.nupkg").Single());
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        foreach (string name in new[] { "README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml" })
        {
            Assert.Contains(name, names);
        }

        XDocument nuspec = XDocument.Load(await package.GetEntry(id + ".nuspec")!.OpenAsync());
        XNamespace space = nuspec.Root!.Name.Namespace;
        Assert.Equal(("README.md", "icon.png"), ((string?)nuspec.Descendants(space + "readme").Single(), (string?)nuspec.Descendants(space + "icon").Single()));
        Assert.Contains(dependsOn, nuspec.Descendants(space + "dependency").Select(dependency => (string?)dependency.Attribute("id")));

        using ZipArchive symbols = ZipFile.OpenRead(Directory.GetFiles(output.Path, id + ".*.snupkg").Single());
        Assert.Contains($"lib/net10.0/{id}.pdb", symbols.Entries.Select(entry => entry.FullName));

        using var bytes = new MemoryStream();
        await using (Stream library = await package.GetEntry($"lib/net10.0/{id}.dll")!.OpenAsync())
        {
            await library.CopyToAsync(bytes);
        }

        bytes.Position = 0;
        using var image = new PEReader(bytes);
        DebugDirectoryEntry[] debug = [.. image.ReadDebugDirectory()];
        Assert.Contains(debug, entry => entry.Type == DebugDirectoryEntryType.Reproducible);
        string pdb = image.ReadCodeViewDebugDirectoryData(debug.First(entry => entry.Type == DebugDirectoryEntryType.CodeView)).Path;
        Assert.DoesNotContain(GatewayProgram.Root, pdb, StringComparison.Ordinal);
    }
}
