using System.Text;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.OpenApi;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>The real process against the OpenAPI document: its examples, and inputs that it does not allow.</summary>
public sealed class DocumentedOperations
{
    private const string Settings = """{ "http": { "webhookPrivateAddresses": true } }""";

    /// <summary>Operations whose example names something that is not there, or is in use, or that need more than a request.</summary>
    private static readonly string[] NotThere =
    [
        "GET /v1/topics/{topic}/socket", "GET /v1/sessions/{clientId}", "DELETE /v1/sessions/{clientId}", "POST /v1/groups/{group}/dead-letters/resend",
        "DELETE /v1/groups/{group}",
    ];

    private readonly ApiDocument _document = ApiDocument.ReadGolden();

    [Fact]
    public async Task Every_example_is_answered_as_documented()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = Settings });
        using var rest = new Rest(gateway);
        using RawMqtt device = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "device-7");
        var things = new DocumentedThings(rest);
        await things.MakeAsync();
        using var calls = new ContractCalls(gateway.Http, _document);
        List<string> failed = [];
        // What is deleted is looked at before; the topic and the group are the last.
        foreach (ApiOperation operation in _document.Operations.OrderBy(static operation => operation.Method == "DELETE" ? 1 + (operation.Path.Contains("{group}", StringComparison.Ordinal) ? 1 : 0) : 0))
        {
            ApiBody?[] bodies = operation.Bodies.Count == 0 ? [null] : [.. operation.Bodies];
            foreach (ApiBody? body in bodies)
            {
                int status = await calls.CallAsync(new ContractCall(operation, body is null ? "its examples" : $"its example of {body.ContentType}")
                {
                    Path = await things.PathAsync(operation),
                    Query = DocumentedThings.Query(operation),
                    Body = body is null ? null : body.Example is null ? [0, 255] : Encoding.UTF8.GetBytes(body.Text),
                    ContentType = body?.ContentType,
                });
                if (operation.CanSucceed && status is < 200 or > 299 && !NotThere.Contains(operation.ToString()))
                {
                    failed.Add($"{operation}: {status}");
                }
            }
        }

        Assert.True(calls.Violations.Count == 0, string.Join('\n', calls.Violations));
        Assert.True(failed.Count == 0, "The example does not succeed:\n" + string.Join('\n', failed));
        Assert.Empty(gateway.Failures);
    }

    [Fact]
    public Task What_is_not_allowed_is_answered_with_a_documented_problem() => Seeded.RunAsync(async random =>
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = Settings });
        using var rest = new Rest(gateway);
        var things = new DocumentedThings(rest);
        await things.MakeAsync();
        using var calls = new ContractCalls(gateway.Http, _document);
        var bad = new BadCalls(_document, random);
        foreach (ApiOperation operation in _document.Operations)
        {
            foreach (ContractCall call in bad.Of(operation))
            {
                await calls.CallAsync(call);
            }
        }

        Assert.True(calls.Violations.Count == 0, $"{calls.Violations.Count} of {calls.Count}:\n" + string.Join('\n', calls.Violations.Take(60)));
        Assert.Empty(gateway.Failures);
        using HttpResponseMessage lives = await rest.Client.GetAsync(new Uri("healthz", UriKind.Relative));
        Assert.True(lives.IsSuccessStatusCode);
    });

    [Fact]
    public async Task Who_says_no_name_is_answered_with_a_documented_problem_where_access_is_controlled()
    {
        using var files = new TempDirectory("guarded-contract");
        string users = files["users.json"];
        await using (ChildProcess command = ChildProcess.Start("dotnet", [GatewayProgram.Path, "user", "add", "ada", "--file", users]))
        {
            await command.WriteLineAsync("one");
            Assert.True(await command.ExitAsync() == 0, command.Output);
        }

        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = $$"""{ "access": { "usersFile": "{{users}}" } }""" });
        using var calls = new ContractCalls(gateway.Http, _document);
        List<string> open = [];
        foreach (ApiOperation operation in _document.Operations)
        {
            int status = await calls.CallAsync(new ContractCall(operation, "no name")
            {
                Path = operation.Parameters.Where(static parameter => parameter.IsInPath).ToDictionary(static parameter => parameter.Name, static parameter => parameter.Example ?? "x"),
                Query = DocumentedThings.Query(operation),
                Body = operation.Bodies.Count > 0 ? Encoding.UTF8.GetBytes(operation.Bodies[0].Text) : null,
                ContentType = operation.Bodies.Count > 0 ? operation.Bodies[0].ContentType : null,
            });
            if (status is >= 200 and < 300)
            {
                open.Add(operation.ToString());
            }
        }

        Assert.True(calls.Violations.Count == 0, string.Join('\n', calls.Violations));
        Assert.Equal(["GET /healthz", "GET /readyz"], open.Order(StringComparer.Ordinal));
    }
}
