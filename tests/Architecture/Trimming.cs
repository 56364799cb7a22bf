using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Architecture;

/// <summary>
/// What the trimmer makes of the SDK. It loses protected regions that lie inside of a catch or finally block (dotnet/runtime issue 131088): of a
/// <c>lock</c> there the release goes, and whoever wants the lock next waits for ever. It does so in methods of which it also drops a branch, as
/// after <c>Task.Yield</c>; which those are depends on the runtime it trims, so that no method has such a region.
/// </summary>
public sealed class Trimming
{
    private static readonly string[] Folders = [.. Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .Where(project => File.ReadAllText(project).Contains("<IsAotCompatible>true", StringComparison.Ordinal))
        .Select(project => Repository.Relative(Path.GetDirectoryName(project)!))
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string> Projects => [.. Folders];

    [Fact]
    public void The_SDK_is_looked_at() => Assert.Equal(["src/Client", "src/Client.Hosting", "src/Remoting"], Folders);

    [Theory]
    [MemberData(nameof(Projects))]
    public void Nothing_is_locked_used_or_tried_inside_of_a_catch_or_finally_block(string project)
    {
        using var file = new PEReader(File.OpenRead(BuiltProgram.Find(project)));
        var metadata = file.GetMetadataReader();
        List<string> nested = [];
        foreach (var method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(method => method.RelativeVirtualAddress != 0))
        {
            var regions = file.GetMethodBody(method.RelativeVirtualAddress).ExceptionRegions;
            if (regions.Any(inner => regions.Any(outer => IsInHandler(inner.TryOffset, outer))))
            {
                nested.Add($"{NameOf(metadata, method.GetDeclaringType())}.{metadata.GetString(method.Name)}");
            }
        }

        Assert.Empty(nested);
    }

    private static bool IsInHandler(int offset, ExceptionRegion region)
        => offset >= region.HandlerOffset && offset < region.HandlerOffset + region.HandlerLength;

    private static string NameOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var name = metadata.GetString(type.Name);
        return type.GetDeclaringType().IsNil ? name : $"{NameOf(metadata, type.GetDeclaringType())}.{name}";
    }
}
