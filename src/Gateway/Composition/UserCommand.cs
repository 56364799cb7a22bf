using System.CommandLine;
using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Users;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary><c>user add|remove|key|list</c>: writes the users file, which a running gateway reads again by itself.</summary>
internal static class UserCommand
{
    private const int Anything = 10_000_000;
    private const string DefaultFile = "users.json";

    /// <summary>Describes the commands.</summary>
    public static Command Describe(TextReader input, TextWriter output, TextWriter error)
    {
        var file = new Option<string>("--file") { Description = $"users file (default ./{DefaultFile})", HelpName = "FILE", DefaultValueFactory = _ => DefaultFile, Recursive = true };
        var command = new Command("user", "write the users file of access control (docs/access.md)");
        command.Options.Add(file);
        command.Subcommands.Add(Add(file, input, output, error));
        command.Subcommands.Add(Remove(file, output, error));
        command.Subcommands.Add(Key(file, output, error));
        command.Subcommands.Add(List(file, output, error));
        return command;
    }

    private static Command Add(Option<string> file, TextReader input, TextWriter output, TextWriter error)
    {
        var name = new Argument<string>("NAME") { Description = "user name" };
        var groups = new Option<string>("--groups") { Description = "groups, separated by commas", HelpName = "GROUPS" };
        var iterations = new Option<int>("--iterations") { Description = "PBKDF2 iterations", HelpName = "N", DefaultValueFactory = _ => PasswordHash.DefaultIterations };
        var command = new Command("add", "add a user, or give one another password; the password is the first line of the standard input");
        command.Arguments.Add(name);
        command.Options.Add(groups);
        command.Options.Add(iterations);
        command.SetAction((result, cancel) => RunAsync(error, async () =>
        {
            string user = NameOf(result.GetValue(name));
            int count = result.GetValue(iterations);
            if (count is < 4096 or > PasswordHash.MaxIterations)
                throw Wrong($"--iterations must be 4096 to {PasswordHash.MaxIterations}");

            string password = await input.ReadLineAsync(cancel) ?? string.Empty;
            if (password.Length == 0)
                throw Wrong("the password is empty: write it to the standard input, one line");

            string path = result.GetValue(file)!;
            List<User> users = Read(path, mustExist: false);
            User? before = users.Find(one => one.Name == user);
            IReadOnlyList<string> members = result.GetValue(groups) is { } list ? list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : before?.Groups ?? [];
            Put(users, new User(user, PasswordHash.Create(Encoding.UTF8.GetBytes(password), count), members, before?.Keys ?? []));
            UserFile.Write(path, users);
            await output.WriteLineAsync($"{user} is {(before is null ? "added to" : "changed in")} {path}");
        }));
        return command;
    }

    private static Command Remove(Option<string> file, TextWriter output, TextWriter error)
    {
        var name = new Argument<string>("NAME") { Description = "user name" };
        var command = new Command("remove", "remove a user; what it has open is refused from then on");
        command.Arguments.Add(name);
        command.SetAction((result, _) => RunAsync(error, async () =>
        {
            string path = result.GetValue(file)!;
            List<User> users = Read(path, mustExist: true);
            users.Remove(Find(users, result.GetValue(name), path));
            UserFile.Write(path, users);
            await output.WriteLineAsync($"{result.GetValue(name)} is removed from {path}");
        }));
        return command;
    }

    private static Command Key(Option<string> file, TextWriter output, TextWriter error)
    {
        var name = new Argument<string>("NAME") { Description = "user name" };
        var purpose = new Option<string>("--for") { Description = "what the key is for", HelpName = "WORDS", DefaultValueFactory = _ => "unnamed" };
        var command = new Command("key", "make an API key for HTTP; it is shown once, and not kept");
        command.Arguments.Add(name);
        command.Options.Add(purpose);
        command.SetAction((result, _) => RunAsync(error, async () =>
        {
            string path = result.GetValue(file)!;
            List<User> users = Read(path, mustExist: true);
            User user = Find(users, result.GetValue(name), path);
            (string text, ApiKey key) = ApiKey.Create(result.GetValue(purpose)!);
            Put(users, user with { Keys = [.. user.Keys, key] });
            UserFile.Write(path, users);
            await output.WriteLineAsync(text);
        }));
        return command;
    }

    private static Command List(Option<string> file, TextWriter output, TextWriter error)
    {
        var command = new Command("list", "list the users");
        command.SetAction((result, _) => RunAsync(error, async () =>
        {
            foreach (User user in Read(result.GetValue(file)!, mustExist: true))
                await output.WriteLineAsync($"{user.Name}\t{string.Join(',', user.Groups)}\t{user.Keys.Count} keys{(user.IsDisabled ? "\tdisabled" : string.Empty)}");
        }));
        return command;
    }

    private static async Task<int> RunAsync(TextWriter error, Func<Task> command)
    {
        try
        {
            await command();
            return 0;
        }
        catch (Exception wrong) when (wrong is GatewayStartException or AccessFileException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(wrong.Message);
            return (wrong as GatewayStartException)?.ExitCode ?? GatewayStartException.Failed;
        }
    }

    private static List<User> Read(string path, bool mustExist)
    {
        if (File.Exists(path))
            return [.. UserFile.Parse(path, File.ReadAllBytes(path), Anything)];

        return mustExist ? throw Wrong($"{path} does not exist") : [];
    }

    private static User Find(List<User> users, string? name, string path)
        => users.Find(user => user.Name == name) ?? throw Wrong($"there is no user {name} in {path}");

    private static void Put(List<User> users, User user)
    {
        int at = users.FindIndex(one => one.Name == user.Name);
        if (at < 0)
            users.Add(user);
        else
            users[at] = user;
    }

    private static string NameOf(string? name)
        => name is not null && UserFile.IsName(name) ? name : throw Wrong("a user name has 1 to 256 characters, none of / + # : * among them");

    private static GatewayStartException Wrong(string message) => new(GatewayStartException.WrongUsage, message);
}
