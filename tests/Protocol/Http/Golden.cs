namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>
/// Texts under tests/Golden. A deliberate change: run with <c>PROTOBRIDGE_TEST_GOLDEN=write</c>, look at the
/// difference, commit it.
/// </summary>
internal static class Golden
{
    public static void AssertEqual(string name, string actual)
    {
        string path = Path.Combine(Root(), "tests", "Golden", "http", name);
        if (Environment.GetEnvironmentVariable("PROTOBRIDGE_TEST_GOLDEN") == "write")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    /// <summary>A file of the checkout.</summary>
    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root(), .. path]));

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
            directory = directory.Parent;

        return directory?.FullName ?? throw new InvalidOperationException("The solution is in no folder above the tests.");
    }
}
