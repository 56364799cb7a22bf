using System.Text.RegularExpressions;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Cli;

/// <summary><c>pbmq</c> signs in with what its environment or a file has, and shows it nowhere.</summary>
public sealed partial class Secrets
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task Doctor_signs_in_by_password_and_by_API_key_and_says_when_the_gateway_does_not_know_them()
    {
        using var files = new TempDirectory("secrets");
        string users = files["users.json"];
        await UserAsync(Password, "add", "ada", "--file", users);
        string key = ApiKey().Match(await UserAsync(string.Empty, "key", "ada", "--file", users)).Value;
        Assert.NotEmpty(key);
        await File.WriteAllTextAsync(files["key"], key + "\n");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = $$"""{ "access": { "usersFile": "{{users}}" } }""" });

        string byPassword = await DoctorAsync(gateway, 0, [("PBMQ_USER", "ada"), ("PBMQ_PASSWORD", Password)]);
        string byKey = await DoctorAsync(gateway, 0, [], "--token-file", files["key"]);
        string wrong = await DoctorAsync(gateway, 5, [("PBMQ_PASSWORD", "not " + Password)], "--user", "ada");
        string half = await DoctorAsync(gateway, 2, [], "--user", "ada");
        string signed = await DoctorAsync(gateway, 0, [("PBMQ_ACCESS_KEY", "ada"), ("PBMQ_SECRET_KEY", Password)]);

        Assert.Contains("known, and may manage", byPassword, StringComparison.Ordinal);
        Assert.Contains("known, and may manage", byKey, StringComparison.Ordinal);
        Assert.Contains("does not know this user and password", wrong, StringComparison.Ordinal);
        Assert.Contains("belong together", half, StringComparison.Ordinal);
        Assert.All(new[] { byPassword, byKey, wrong, half, signed, gateway.Output }, output =>
        {
            Assert.DoesNotContain(Password, output, StringComparison.Ordinal);
            Assert.DoesNotContain(key, output, StringComparison.Ordinal);
        });
    }

    private static async Task<string> DoctorAsync(GatewayProcess gateway, int code, (string Name, string Value)[] variables, params string[] arguments)
    {
        var pbmq = new Pbmq(gateway);
        Dictionary<string, string> environment = new(pbmq.Environment);
        foreach ((string name, string value) in variables)
        {
            environment[name] = value;
        }

        await using ChildProcess process = ChildProcess.Start("dotnet", [Pbmq.Path, "doctor", "--mqtt", "none", .. arguments], environment);
        process.CloseInput();
        int ended = await process.ExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(ended == code, $"ended with {ended}\n{process.Output}");
        return process.Output;
    }

    private static async Task<string> UserAsync(string password, params string[] arguments)
    {
        await using ChildProcess command = ChildProcess.Start("dotnet", [GatewayProgram.Path, "user", .. arguments]);
        if (password.Length > 0)
        {
            await command.WriteLineAsync(password);
        }

        Assert.True(await command.ExitAsync() == 0, command.Output);
        return command.Output;
    }

    [GeneratedRegex("pbk_[A-Za-z0-9_-]+")]
    private static partial Regex ApiKey();
}
