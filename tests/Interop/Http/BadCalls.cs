using System.Text;
using ProtoBridgeMQ.Tests.Support.OpenApi;

namespace ProtoBridgeMQ.Tests.Interop.Http;

/// <summary>Requests that an operation does not allow, or that name what is not there; some of them it may take all the same.</summary>
internal sealed class BadCalls(ApiDocument document, Random random)
{
    private const int TooLarge = 17 << 20;

    private static readonly string[] Values =
    [
        "", "-1", "0", "99999999999999999999999", "1e400", "NaN", "a b", "\ud83d\ude00", "\u0001\u0002", "../../etc/passwd", "%RETRY%x", "<script>alert(1)</script>", "' OR 1=1 --",
        "2030-13-45T99:99:99Z", "PT-5S", "{}", "0:0,0:0", "\ufeff", "a||b&&", new string('x', 300), new string('9', 2_000),
    ];

    /// <summary>All of them, with some values chosen.</summary>
    public IEnumerable<ContractCall> Of(ApiOperation operation)
        => [.. InPath(operation), .. InQuery(operation), .. InBody(operation), .. InHeaders(operation)];

    private IEnumerable<ContractCall> InPath(ApiOperation operation)
    {
        foreach (ApiParameter parameter in operation.Parameters.Where(static parameter => parameter.IsInPath))
        {
            foreach (string value in Some(Values.Where(static value => value.Length > 0).Append($"unknown-{random.Next()}")))
            {
                ContractCall call = Good(operation, $"{parameter.Name} = {Short(value)}");
                yield return call with { Path = new Dictionary<string, string>(call.Path) { [parameter.Name] = value } };
            }
        }
    }

    private IEnumerable<ContractCall> InQuery(ApiOperation operation)
    {
        foreach (ApiParameter parameter in operation.Parameters.Where(static parameter => !parameter.IsInPath))
        {
            foreach (string value in Some(Values))
            {
                ContractCall call = Good(operation, $"{parameter.Name} = {Short(value)}");
                string others = string.Join('&', call.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(one => !one.StartsWith(parameter.Name + "=", StringComparison.Ordinal)));
                yield return call with { Query = $"{others}&{parameter.Name}={Uri.EscapeDataString(value)}".TrimStart('&') };
            }

            ContractCall twice = Good(operation, $"{parameter.Name} twice");
            yield return twice with { Query = $"{twice.Query}&{parameter.Name}=1&{parameter.Name}=2".TrimStart('&') };
        }

        ContractCall unknown = Good(operation, "an unknown parameter");
        yield return unknown with { Query = $"{unknown.Query}&notAParameter={random.Next()}".TrimStart('&') };
        yield return Good(operation, "a query that is no text") with { Query = "%FF%FE=%ZZ&&=" };
    }

    private IEnumerable<ContractCall> InBody(ApiOperation operation)
    {
        foreach (ApiBody body in operation.Bodies)
        {
            if (body.IsJson)
            {
                foreach ((string what, string text) in new BadBodies(document, random).Of(body))
                {
                    yield return Good(operation, $"a body where {what}") with { Body = Encoding.UTF8.GetBytes(text), ContentType = body.ContentType };
                }

                yield return Good(operation, "a body of another type") with { Body = Encoding.UTF8.GetBytes(body.Text), ContentType = "application/xml" };
                yield return Good(operation, "a body that is no UTF-8") with { Body = [0x22, 0xFF, 0xFE, 0x22], ContentType = body.ContentType };
            }

            yield return Good(operation, "a body that is too large") with { Body = new byte[TooLarge], ContentType = body.ContentType };
        }
    }

    private static IEnumerable<ContractCall> InHeaders(ApiOperation operation)
    {
        if (operation.Method is "POST" or "PUT" or "DELETE")
        {
            yield return Good(operation, "another origin") with { Header = ("Origin", "https://elsewhere.example") };
        }

        if (operation.Bodies.Count > 0)
        {
            yield return Good(operation, "a packed body") with { Header = ("Content-Encoding", "gzip") };
        }

        if (operation.Method is "PUT" or "DELETE")
        {
            yield return Good(operation, "an entity tag of something else") with { Header = ("If-Match", "\"something else\"") };
        }
    }

    /// <summary>The request of the examples, which waits for nothing. What it names is there or not.</summary>
    private static ContractCall Good(ApiOperation operation, string what) => new(operation, what)
    {
        Path = operation.Parameters.Where(static parameter => parameter.IsInPath).ToDictionary(static parameter => parameter.Name, static parameter => parameter.Example ?? "unknown"),
        Query = DocumentedThings.Query(operation).Replace("timeout=5s", "timeout=50ms", StringComparison.Ordinal).Replace("wait=5s", "wait=50ms", StringComparison.Ordinal),
        Body = operation.Bodies.Count > 0 ? Encoding.UTF8.GetBytes(operation.Bodies[0].Text) : null,
        ContentType = operation.Bodies.Count > 0 ? operation.Bodies[0].ContentType : null,
    };

    private IEnumerable<string> Some(IEnumerable<string> values) => values.OrderBy(_ => random.Next()).Take(12);

    private static string Short(string value) => $"'{(value.Length > 30 ? value[..30] + "..." : value)}'";
}
